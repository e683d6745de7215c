// The settings of `remora webhook` in a cluster: whom it serves, who it is there, and how it registers itself. As in
// webhook.ts, from flags, else the environment, else defaults; all that is wrong is told together.

import { deepFreeze } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { SettingsReader, type SettingText } from './webhook.ts'

export const CERT_SOURCES = ['self', 'files', 'cert-manager'] as const

export interface ClusterConfig {
  readonly istioNamespace: string
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  /** Where remora itself is, and the Service in front of it. */
  readonly namespace: string
  readonly serviceName: string
  readonly servicePort: number
  /** DNS names that the serving certificate must be good for. */
  readonly names: readonly string[]
  readonly failurePolicy: 'Fail' | 'Ignore'
  readonly reinvocationPolicy: 'Never' | 'IfNeeded'
  readonly timeoutSeconds: number
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[]
  readonly certSource: (typeof CERT_SOURCES)[number]
  readonly certSecret: string
  /** `namespace/name`; undefined unless cert-manager makes the certificate. */
  readonly injectCaFrom: string | undefined
  readonly leafMs: number
  readonly authorityMs: number
  readonly settleMs: number
  readonly leaseName: string
  readonly restoreDeleted: boolean
}

/** `--match-condition` is not among them: it may be given several times. */
export const CLUSTER_SETTINGS: readonly SettingText[] = [
  { flag: 'istioNamespace', value: 'istio-system', about: 'namespace of the control plane' },
  { flag: 'kubeconfig', value: '', about: 'kubeconfig file (default: as kubectl, else that of the pod)' },
  { flag: 'context', value: '', about: 'context of the kubeconfig' },
  { flag: 'namespace', value: 'remora-system', about: 'namespace of remora' },
  { flag: 'service-name', value: 'remora-injector', about: 'Service in front of this webhook' },
  { flag: 'service-port', value: '443', about: 'port of the Service' },
  {
    flag: 'failure-policy',
    value: 'Fail',
    about: 'what happens to pods while no replica answers: Fail or Ignore',
  },
  {
    flag: 'reinvocation-policy',
    value: 'Never',
    about: 'IfNeeded: called again when a later webhook changed the pod',
  },
  { flag: 'timeout-seconds', value: '10', about: 'how long an API server waits for an answer, 1 to 30' },
  {
    flag: 'cert-source',
    value: 'self',
    about: 'self: an authority of our own in a Secret; files, cert-manager: --cert-file and --key-file',
  },
  { flag: 'cert-secret', value: 'remora-injector-certificates', about: 'Secret of the authority of our own' },
  {
    flag: 'cert-manager-certificate',
    value: 'remora-injector',
    about: 'Certificate whose authority cert-manager writes into the webhook configuration, [namespace/]name',
  },
  { flag: 'cert-lifetime', value: '2160h', about: 'of a serving certificate; it is renewed at half of it' },
  { flag: 'ca-lifetime', value: '87600h', about: 'of the authority; it is replaced at half of it' },
  {
    flag: 'cert-settle',
    value: '5m',
    about: 'how long a new authority is trusted everywhere before it is used',
  },
  {
    flag: 'lease-name',
    value: 'remora-injector',
    about: 'Lease by which the replica that writes is elected',
  },
  {
    flag: 'restore-configuration',
    value: 'off',
    about: 'on: the webhook configuration is made again when somebody deletes it while remora is adopted',
  },
]

/** As readWebhookConfig; `conditions` are the texts of `--match-condition`, `name=expression`. */
export function readClusterConfig(
  flags: Readonly<Record<string, string | undefined>>,
  conditions: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ClusterConfig {
  const reader = new SettingsReader(
    [...CLUSTER_SETTINGS, { flag: 'dns-names', value: '', about: '' }],
    flags,
    env,
  )
  const namespace = reader.text('namespace')
  const service = reader.text('service-name')
  const host = `${service}.${namespace}`
  const serviceNames = [service, host, `${host}.svc`, `${host}.svc.cluster.local`]
  const certSource = reader.choice('cert-source', CERT_SOURCES)
  const hasFiles = flags['cert-file'] !== undefined || env['REMORA_CERT_FILE'] !== undefined
  if (hasFiles === (certSource === 'self')) {
    reader.problem(
      'cert-source',
      certSource,
      hasFiles
        ? 'files or cert-manager, as --cert-file is given'
        : 'self, or --cert-file and --key-file with it',
    )
  }
  const certificate = reader.text('cert-manager-certificate')
  const config: ClusterConfig = {
    istioNamespace: reader.text('istioNamespace'),
    kubeconfig: reader.given('kubeconfig'),
    context: reader.given('context'),
    namespace,
    serviceName: service,
    servicePort: reader.integer('service-port', 1, 65_535),
    names: reader.given('dns-names') === undefined ? serviceNames : reader.names('dns-names'),
    failurePolicy: reader.choice('failure-policy', ['Fail', 'Ignore']),
    reinvocationPolicy: reader.choice('reinvocation-policy', ['Never', 'IfNeeded']),
    timeoutSeconds: reader.integer('timeout-seconds', 1, 30),
    matchConditions: conditions.map(readCondition),
    certSource,
    certSecret: reader.text('cert-secret'),
    injectCaFrom: certSource === 'cert-manager' ? qualified(certificate, namespace) : undefined,
    leafMs: reader.duration('cert-lifetime'),
    authorityMs: reader.duration('ca-lifetime'),
    settleMs: reader.duration('cert-settle'),
    leaseName: reader.text('lease-name'),
    restoreDeleted: reader.choice('restore-configuration', ['off', 'on']) === 'on',
  }
  reader.finish()
  return deepFreeze(config)
}

function qualified(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`
}

function readCondition(text: string): { name: string; expression: string } {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) {
    const message = `--match-condition is "${text}": expected name=expression, as only-web=object.metadata.name != 'db'`
    throw new ProblemError('usage', message)
  }
  return { name: text.slice(0, at), expression: text.slice(at + 1) }
}
