// The objects that an installation of Istio leaves in a cluster, as far as injection has to do with them: as captured
// from its installer where the reference data is there, else written here from the contract (revisions §1.1–§1.3, §2.2).

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NEWEST } from '../../src/api/release.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { webhookEntries } from '../../src/revision/rules.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { findReference } from '../reference/outcome.ts'

export interface Installation {
  /** `1.30.3`. */
  readonly release: string
  /** `default` is the one without a revision. */
  readonly revision: string
  readonly tags?: readonly string[]
}

const CONTROL_PLANE =
  /^(ServiceAccount_istiod|ConfigMap_istio(-sidecar-injector)?(-\d|\.)|Service_istiod|Deployment_istiod|MutatingWebhookConfiguration_)/

/** Without Istio's own roles, validation and gateways. In an order in which they can be created. */
export function istioObjects(installation: Installation): JsonObject[] {
  const { tags = [] } = installation
  const folder = captured(installation)
  if (folder === undefined) return ownObjects(installation)
  const files = readdirSync(folder).filter((file) => CONTROL_PLANE.test(file))
  const tagObjects = tags.flatMap((tag) => {
    const file = join(folder, 'tags', `${tag}.yaml`)
    return existsSync(file) ? readObjects(file) : ownTag(installation, tag)
  })
  const objects = files.flatMap((file) => readObjects(join(folder, file)))
  return [...objects.toSorted((a, b) => rank(a) - rank(b)), ...tagObjects]
}

/** Where the objects of an installation are in the reference data, if there. */
function captured({ release, revision }: Installation): string | undefined {
  const name = revision === 'default' ? 'default' : `default-rev-${revision}`
  const folder = join(findReference() ?? '', `istio-${release}/clusters/${name}`)
  return findReference() !== undefined && existsSync(folder) ? folder : undefined
}

/** The release whose objects stand for an installation: its own where they were captured. */
export function releaseOf(installation: Installation): string {
  return captured(installation) === undefined ? OWN_RELEASE : installation.release
}

function rank({ kind }: JsonObject): number {
  return ['ServiceAccount', 'ConfigMap', 'Service', 'Deployment'].indexOf(String(kind)) >>> 0
}

function readObjects(file: string): JsonObject[] {
  return splitDocuments(readFileSync(file, 'utf8'))
    .map((text) => parseYaml(text))
    .filter(isObject)
}

/** Of the built-in templates: an older istiod does not know their functions. */
const OWN_RELEASE = `${NEWEST.major}.${NEWEST.minor}.0`

function ownObjects(installation: Installation): JsonObject[] {
  const { revision, tags = [] } = installation
  const suffix = revision === 'default' ? '' : `-${revision}`
  const name = `istiod${suffix}`
  const labels = { app: 'istiod', 'istio.io/rev': revision, 'app.kubernetes.io/version': OWN_RELEASE }
  const metadata = (of: string): JsonObject => ({ name: of, namespace: 'istio-system', labels })
  const { config, values, mesh } = readBuiltin()
  const settings = { config, values: values.replace(/^revision: .*$/m, `revision: ${ownRevision(revision)}`) }
  const selector = { app: 'istiod', 'istio.io/rev': revision }
  const container = {
    name: 'discovery',
    image: `registry.istio.io/release/pilot:${OWN_RELEASE}`,
    args: ['discovery'],
    env: [
      { name: 'REVISION', value: revision },
      { name: 'PLATFORM', value: '' },
    ],
  }
  const pod = {
    metadata: { labels: { ...selector, 'sidecar.istio.io/inject': 'false' } },
    spec: { serviceAccountName: name, containers: [container] },
  }
  const discovery = `${mesh}\ndefaultConfig:\n  discoveryAddress: ${name}.istio-system.svc:15012\n`
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name) },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(`istio${suffix}`), data: { mesh: discovery } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(`istio-sidecar-injector${suffix}`),
      data: settings,
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(name),
      spec: { selector, ports: [{ name: 'https-webhook', port: 443, targetPort: 15017 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(name),
      spec: { selector: { matchLabels: selector }, template: pod },
    },
    configuration(`istio-sidecar-injector${suffix}`, revision, revision, { 'istio.io/rev': revision }),
    ...tags.flatMap((tag) => ownTag(installation, tag)),
  ]
}

const ownRevision = (revision: string): string => (revision === 'default' ? '""' : JSON.stringify(revision))

function ownTag({ revision }: Installation, tag: string): JsonObject[] {
  const labels = { 'istio.io/rev': revision, 'istio.io/tag': tag }
  const selector = { app: 'istiod', 'istio.io/rev': revision }
  return [
    configuration(`istio-revision-tag-${tag}`, revision, tag, labels),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: `istiod-revision-tag-${tag}`,
        namespace: 'istio-system',
        labels: { app: 'istiod', ...labels },
      },
      spec: { selector, ports: [{ name: 'https-webhook', port: 443, targetPort: 15017 }] },
    },
  ]
}

/** Entries that select by `of`, at the istiod of `revision`. */
function configuration(name: string, revision: string, of: string, labels: JsonObject): JsonObject {
  const service = revision === 'default' ? 'istiod' : `istiod-${revision}`
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name, labels: { app: 'sidecar-injector', ...labels } },
    webhooks: webhookEntries(of, false).map(({ name: rule, namespaceSelector, objectSelector }) => ({
      name: `${rule}.sidecar-injector.istio.io`,
      clientConfig: { service: { name: service, namespace: 'istio-system', path: '/inject', port: 443 } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      namespaceSelector: { ...namespaceSelector },
      objectSelector: { ...objectSelector },
    })) as unknown as JsonObject[],
  }
}
