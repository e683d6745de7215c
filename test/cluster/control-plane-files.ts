// The files that the programs of a control plane read: credentials, audit policy, the way to Services, kwok's stages.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'

export interface ControlPlaneOptions {
  /** Socket of an HTTP CONNECT proxy by which the API server reaches Services; without it, it dials them itself. */
  readonly network?: string
  /** Namespaces whose pods somebody else than kwok runs. */
  readonly leaveAlone?: readonly string[]
  /** Told the id of every process as soon as it runs. */
  readonly onStart?: (pid: number) => void
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

/** Calls to Services go through the proxy, as they do where nodes are on another network than the control plane. */
function egressConfiguration(socket: string): JsonObject {
  const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: socket } } }
  return {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [{ name: 'cluster', connection }],
  }
}

/** The stages of kwok.yaml; those of pods leave out some namespaces. */
function kwokConfiguration(leaveAlone: readonly string[]): string {
  const text = readFileSync(join(import.meta.dirname, 'kwok.yaml'), 'utf8')
  const stages = splitDocuments(text).map((document) => {
    const stage = parseYaml(document) as { spec: { resourceRef: { kind: string }; selector: JsonObject } }
    const expressions = stage.spec.selector['matchExpressions']
    if (stage.spec.resourceRef.kind === 'Pod' && Array.isArray(expressions)) {
      const namespace = { key: '.metadata.namespace', operator: 'NotIn', values: [...leaveAlone] }
      if (leaveAlone.length > 0) expressions.push(namespace)
    }
    return JSON.stringify(stage)
  })
  return stages.join('\n---\n')
}

/** A kubeconfig for `server`; `user` holds a token, or a `tokenFile`. */
export function writeKubeconfig(file: string, server: string, user: JsonObject): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    // The API server makes its certificate itself at every start; on loopback the token is what protects it.
    clusters: [{ name: 'remora', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'remora', context: { cluster: 'remora', user: 'user' } }],
    'current-context': 'remora',
  }
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 })
}

function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
}

/** Writes them all into `folder`; answers with the administrator's kubeconfig and token. */
export function writeControlPlaneFiles(
  folder: string,
  server: string,
  { network, leaveAlone = [] }: ControlPlaneOptions,
): { kubeconfig: string; token: string } {
  const token = randomBytes(24).toString('base64url')
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'audit.yaml'), AUDIT_POLICY)
  writeFileSync(join(folder, 'kwok.yaml'), kwokConfiguration(leaveAlone))
  if (network !== undefined) {
    writeFileSync(join(folder, 'egress.json'), JSON.stringify(egressConfiguration(network)))
  }
  writeServiceAccountKeys(folder)
  writeKubeconfig(kubeconfig, server, { token })
  return { kubeconfig, token }
}
