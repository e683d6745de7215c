// The rows of Istio's own table tests (units/*.json of a conformance corpus), each through our public functions.
// Template functions are called from templates, as users call them. A table without a runner fails.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnvPairs } from '../../src/admission/path.ts'
import type { Container, EnvVar, Pod } from '../../src/api/kube.ts'
import type { LabelSelector, Message } from '../../src/api/mesh.ts'
import { IGNORED_NAMESPACES } from '../../src/api/names.ts'
import { NEWEST } from '../../src/api/release.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import { findSidecar } from '../../src/injection/containers.ts'
import { decide } from '../../src/injection/decide.ts'
import { decodePod } from '../../src/injection/inject.ts'
import { moveForNative, nativeFor } from '../../src/injection/native-move.ts'
import { updateEnv } from '../../src/injection/postprocess/cluster.ts'
import {
  addProbers,
  collectProbers,
  probersText,
  redirectProbes,
  shouldRewrite,
} from '../../src/injection/postprocess/probes.ts'
import { mergeEnabled } from '../../src/injection/postprocess/prometheus.ts'
import { injectedNames } from '../../src/injection/status.ts'
import { templateData } from '../../src/injection/template/data.ts'
import { annotationError, validateAnnotations } from '../../src/injection/validate.ts'
import { proxyImage } from '../../src/mesh/image.ts'
import { defaultMeshConfig } from '../../src/mesh/meshconfig.ts'
import { detectNativeSidecars } from '../../src/mesh/native.ts'
import { MESH_CONFIG, PROXY_CONFIG } from '../../src/mesh/proto.ts'
import { readMessage } from '../../src/mesh/proto-read.ts'
import { defaultProxyConfig } from '../../src/mesh/proxyconfig.ts'
import { readValues } from '../../src/mesh/values.ts'
import { equalJson, type Json, type JsonObject } from '../../src/std/json.ts'
import { snapshotOf } from './answer.ts'
import { jsonDiff } from './compare.ts'
import type { FileReport } from './outcome.ts'
import { serve } from './serve.ts'
import { readTexts, revisionOf } from './settings.ts'

type Row = Readonly<Record<string, Json>>
type Check = (row: Row, dir: string) => string | undefined | Promise<string | undefined>
type Texts = Record<string, string>

const STATUS_PORT = 15020

function same(want: unknown, got: unknown): string | undefined {
  return equalJson(want, got) ? undefined : jsonDiff(want, got)
}

function pod(value: Json | undefined): Pod {
  return decodePod(value ?? {}, '')
}

interface Data {
  readonly pod?: Pod
  readonly values?: JsonObject
  readonly mesh?: Message
  readonly proxyConfig?: Message
  readonly namespace?: string
}

/** What a template prints over the given data. */
function print(template: string, data: Data): string {
  const root = templateData({
    pod: data.pod ?? pod({}),
    typeMeta: { kind: '', apiVersion: '' },
    deploymentMeta: { name: '', namespace: data.namespace ?? '' },
    values: data.values ?? {},
    mesh: data.mesh ?? defaultMeshConfig(NEWEST),
    proxyConfig: data.proxyConfig ?? defaultProxyConfig(NEWEST),
    revision: '',
    nativeSidecars: false,
    proxyImage: '',
    proxyUID: 0,
    proxyGID: 0,
    inboundTrafficPolicyMode: '',
    compliancePolicy: '',
    release: NEWEST,
  })
  return templateCompiler({}, NEWEST)('', template).execute(root).text
}

function multus(row: Row): string | undefined {
  const append = (existing: Json): string =>
    print('{{ appendMultusNetwork .Values.in "istio-cni" }}', { values: { in: existing } })
  const once = append(row['in'] ?? '')
  return same([row['want'], row['want']], [once, append(once)])
}

function cleanProxyConfig(row: Row): string | undefined {
  const config = readMessage(PROXY_CONFIG, row['proxy'] ?? {}, NEWEST)
  const printed = print('{{ protoToJSON .ProxyConfig }}', { proxyConfig: config })
  const back = readMessage(PROXY_CONFIG, JSON.parse(printed) as Json, NEWEST, defaultProxyConfig(NEWEST))
  const texts = [config, back].map((message) =>
    print('{{ protoToJSON .ProxyConfig }}', { proxyConfig: message }),
  )
  return same([row['expect'], texts[0]], [printed, texts[1]])
}

function nativeSidecar(row: Row): string | undefined {
  const nodes = (row['nodes'] as unknown as { status: { nodeInfo: { kubeletVersion: string } } }[]).map(
    (node, i) => ({ name: `node-${i}`, kubeletVersion: node.status.nodeInfo.kubeletVersion }),
  )
  const env = { ENABLE_NATIVE_SIDECARS: row['ENABLE_NATIVE_SIDECARS'] as string }
  const cluster = { access: true, id: 'Kubernetes', nodes, namespaces: {}, proxyConfigs: [] }
  return same(row['want'], detectNativeSidecars({ env, release: NEWEST, cluster, nodeName: '' }))
}

function grpcProbers(row: Row): string | undefined {
  const text = probersText(collectProbers(pod(row['pod']), STATUS_PORT, NEWEST))
  return same(JSON.parse(row['expected'] as string), JSON.parse(text))
}

function injectRequired(row: Row): string | undefined {
  const config = row['config'] as unknown as {
    policy: string
    neverInjectSelector: LabelSelector[] | null
    alwaysInjectSelector: LabelSelector[] | null
  }
  const decision = decide({
    pod: { metadata: row['meta'], spec: row['podSpec'] } as unknown as Pod,
    namespace: '',
    config: {
      policy: config.policy,
      neverInjectSelector: config.neverInjectSelector ?? [],
      alwaysInjectSelector: config.alwaysInjectSelector ?? [],
    },
    release: NEWEST,
  })
  return same(row['want'], decision.inject)
}

function mergeProbers(row: Row): string | undefined {
  const env = row['in'] as unknown as EnvVar[]
  const probers = new Map(Object.entries(JSON.parse(row['probers'] as string) as Record<string, JsonObject>))
  return same(row['want'], addProbers(env, probers, row['perviouslyInjected'] === true, NEWEST))
}

/** The template lists istio-proxy where the flag and the annotation say; the user's own one follows it. */
function nativeOverride(row: Row): string | undefined {
  const annotations = (row['annotations'] ?? {}) as Texts
  const proxy = { name: 'istio-proxy' }
  const incoming = pod({ metadata: { annotations }, spec: { containers: [{ name: 'app' }, proxy] } })
  const flag = row['nativeSidecar'] === true
  const choice = annotations['sidecar.istio.io/nativeSidecar'] || String(flag)
  const template = pod({ spec: { [choice === 'false' ? 'containers' : 'initContainers']: [proxy] } })
  const moved = moveForNative(incoming, template, nativeFor(incoming, flag, NEWEST))
  const lists = (['containers', 'initContainers'] as const).filter((list) =>
    (moved.spec[list] ?? []).some((container) => container.name === 'istio-proxy'),
  )
  return same([row['expectContainer']], lists)
}

function omitNil(row: Row): string | undefined {
  const printed = print('{{ toJson (omitNil .Values.in) }}', { values: { in: row['in'] ?? null } })
  return same(row['want'], JSON.parse(printed))
}

function otelAttributes(row: Row): string | undefined {
  const { annotations, labels, containers } = row
  const data = {
    pod: pod({
      metadata: { annotations: annotations ?? null, labels: labels ?? null },
      spec: { containers: containers ?? null },
    }),
    mesh: readMessage(MESH_CONFIG, row['mc'] ?? {}, NEWEST),
    namespace: (row['namespace'] ?? '') as string,
  }
  const template =
    '{{ otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels .DeploymentMeta.Namespace .Spec.Containers }}'
  return same(row['want'], print(template, data))
}

function parseStatus(row: Row): string | undefined {
  const want = row['want'] as unknown as { containers?: Container[]; initContainers?: Container[] }
  const names = (list: Container[] | undefined): string[] => (list ?? []).map((container) => container.name)
  return same(
    { containers: names(want.containers), initContainers: names(want.initContainers) },
    injectedNames(row['status'] as string),
  )
}

function proxyImageRow(row: Row): string | undefined {
  const values = readValues(JSON.stringify(row['v']))
  const config =
    row['pc'] === null
      ? {}
      : { image: readMessage(PROXY_CONFIG, { image: row['pc'] ?? null }, NEWEST)['image'] }
  return same(row['want'], proxyImage(values, config, (row['ann'] ?? {}) as Texts, NEWEST))
}

const NAMES_ONLY = `policy: enabled
templates:
  sidecar: |
    spec:
      initContainers: [{name: istio-init}]
      containers: [{name: istio-proxy}]
      volumes: [{name: istio-envoy}]
      imagePullSecrets: [{name: istio-image-pull-secrets}]
`

function skipUdpPorts(row: Row): string | undefined {
  const printed = print('{{ includeInboundPorts .Spec.Containers }}', {
    pod: pod({ spec: { containers: [row['c'] ?? {}] } }),
  })
  return same(((row['ports'] ?? []) as string[]).join(','), printed)
}

async function runAndServe(row: Row, dir: string): Promise<string | undefined> {
  const settings = revisionOf({
    revision: 'default',
    release: NEWEST,
    env: {},
    ...readTexts(join(dir, 'settings', 'default')),
    config: NAMES_ONLY,
  })
  const cluster = { access: true, id: 'Kubernetes', nodes: [], namespaces: {}, proxyConfigs: [] }
  const body = Buffer.from((row['body'] as string | null) ?? '', 'base64')
  const got = await serve(snapshotOf(settings, cluster), body, row['contentType'] as string)
  return same({ status: row['wantStatusCode'], allowed: row['wantAllowed'] }, got)
}

const TABLES: Readonly<Record<string, Check>> = {
  TestAppendMultusNetwork: multus,
  TestCleanProxyConfig: cleanProxyConfig,
  TestDetectNativeSidecar: nativeSidecar,
  TestDumpAppGRPCProbers: grpcProbers,
  TestEnablePrometheusAggregation: (row) =>
    same(row['want'], mergeEnabled((row['anno'] ?? {}) as Texts, (row['mesh'] ?? {}) as Message)),
  TestFindSidecar: (row) => same(row['want'] ?? null, findSidecar(pod(row['containers'])) ?? null),
  TestInjectRequired: injectRequired,
  TestMergeOrAppendProbers: mergeProbers,
  TestNativeSidecarAnnotationOverride: nativeOverride,
  TestOmitNil: omitNil,
  TestOtelResourceAttributes: otelAttributes,
  TestParseInjectEnvs: (row) => same(row['want'], parseEnvPairs(row['in'] as string)),
  TestParseStatus: parseStatus,
  TestPatchRewriteProbe: (row) => same(row['expected'], redirectProbes(pod(row['pod']), STATUS_PORT, NEWEST)),
  TestProxyImage: proxyImageRow,
  TestRunAndServe: runAndServe,
  TestShouldRewriteAppHTTPProbers: (row) =>
    same(row['expected'], shouldRewrite((row['annotations'] ?? {}) as Texts, row['specSetting'] === true)),
  TestSkipUDPPorts: skipUdpPorts,
  TestSystemNamespaces_Contains: (row) =>
    same(row['expected'], IGNORED_NAMESPACES.includes(row['ns'] as string)),
  TestValidateAnnotations: (row) =>
    same(row['wantErr'], validateAnnotations(row['annotations'] as Texts, NEWEST) !== undefined),
  TestValidateResourceQuantity: (row) =>
    same(
      row['wantErr'],
      annotationError('sidecar.istio.io/proxyCPU', row['value'] as string, NEWEST) !== undefined,
    ),
  Test_updateClusterEnvs: (row) => {
    const { container, newKVs } = row['args'] as unknown as { container: Container; newKVs: Texts }
    const want = row['want'] as unknown as Container
    return same(want.env ?? [], updateEnv(container.env ?? [], newKVs))
  },
}

/** Runs every table of `dir`/units; one report a table. */
export async function runUnits(dir: string): Promise<FileReport[]> {
  const folder = join(dir, 'units')
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const reports: FileReport[] = []
  for (const file of files.sort()) {
    const name = file.slice(0, -'.json'.length)
    const rows = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Row[]
    const outcomes: FileReport['outcomes'][number][] = []
    for (const [index, row] of rows.entries()) outcomes.push(await outcome(name, row, index, dir))
    reports.push({ file: `units/${name}`, outcomes })
  }
  return reports
}

async function outcome(
  name: string,
  row: Row,
  index: number,
  dir: string,
): Promise<FileReport['outcomes'][number]> {
  const id = `${name}[${index}] ${String(row['name'] ?? row['desc'] ?? '')}`
  const check = TABLES[name]
  if (check === undefined) return { id, ok: false, detail: 'no runner reads this table' }
  try {
    const detail = await check(row, dir)
    return detail === undefined ? { id, ok: true } : { id, ok: false, detail }
  } catch (error) {
    return { id, ok: false, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
