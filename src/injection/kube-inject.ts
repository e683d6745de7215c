// `istioctl kube-inject` on text (contract §13): every workload of a YAML stream gets its sidecar, everything else stays
// byte for byte. In go the text and one revision's settings, out come the text and the warnings; nothing is looked up.
// Rules differ from the webhook's: policy is `enabled`, no selectors, aliases, injected annotations or ProxyConfig
// resources, the only default template is `sidecar`, and the pod's annotation is applied to the mesh config itself.

import type { ObjectMeta, Pod, PodSpec } from '../api/kube.ts'
import type { ClusterView, InjectConfig, Message } from '../api/mesh.ts'
import { JsonError } from '../mesh/proto-read.ts'
import { kubeInjectMesh } from '../mesh/proxyconfig.ts'
import type { RevisionSettings } from '../mesh/snapshot.ts'
import { POD_TABLE } from '../patch/schema.ts'
import { workloadType } from '../patch/schema-workload.ts'
import { goJson } from '../std/gojson.ts'
import { isObject, type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { YamlValue } from '../std/yaml/compose.ts'
import { parseYaml } from '../std/yaml.ts'
import { splitDocuments } from '../std/yaml-split.ts'
import { writeYaml } from '../std/yaml-write.ts'
import { decide } from './decide.ts'
import { type InjectionParams, injectPod } from './inject.ts'
import { decodeDocument, readDocument } from './typed-yaml.ts'
import { type Workload, workloadOf } from './workload.ts'

export interface KubeInjectParams extends Pick<InjectionParams, 'structure' | 'deadline'> {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
}

export interface KubeInjectResult {
  readonly output: string
  /** As istioctl prints them, each with a newline of its own. */
  readonly warnings: readonly string[]
}

const SIDECAR = 'sidecar'

/**
 * The text of `--injectConfigFile` as an injection config: it may be one, or be the bare text of the sidecar template.
 */
export function kubeInjectConfig(text: string): string {
  try {
    const config = parseYaml(text)
    const templates = isObject(config) ? own(config, 'templates') : undefined
    if (isObject(templates) && Object.keys(templates).length > 0) return text
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
  }
  return goJson({ policy: 'enabled', templates: { [SIDECAR]: text } })
}

/** Injects the workloads in `text`. Throws a ProblemError with Istio's text where a document cannot be read or injected. */
export function kubeInject(text: string, params: KubeInjectParams): KubeInjectResult {
  const warnings: string[] = []
  const run: Run = { params: { ...params, settings: offlineSettings(params.settings) }, warnings }
  let output = ''
  for (const document of splitDocuments(text)) {
    const found = readObject(readDocument(document))
    output += found === undefined ? document : writeYaml(intoObject(found, run))
    output += '---\n'
  }
  return { output, warnings }
}

interface Run {
  readonly params: KubeInjectParams
  readonly warnings: string[]
}

/** What kube-inject takes of an injection config: its templates. */
function offlineSettings(settings: RevisionSettings): RevisionSettings {
  const config: InjectConfig = {
    ...settings.config,
    policy: 'enabled',
    defaultTemplates: [SIDECAR],
    aliases: {},
    neverInjectSelector: [],
    alwaysInjectSelector: [],
    injectedAnnotations: {},
  }
  return { ...settings, config }
}

interface Found {
  readonly kind: string
  readonly apiVersion: string
  readonly object: JsonObject
}

const TYPE_META = POD_TABLE.type('TypeMeta')

/** A document as a typed object; undefined when it is of no kind that can be injected. */
function readObject(document: YamlValue): Found | undefined {
  const { kind = '', apiVersion = '' } = (decodeDocument(TYPE_META, document) ?? {}) as Record<string, string>
  const type = workloadType(apiVersion, kind)
  if (type === undefined) return undefined
  return { kind, apiVersion, object: decodeDocument(type, document) as JsonObject }
}

function intoObject(found: Found, run: Run): JsonObject {
  if (found.kind === 'List') return intoList(found.object, run)
  const place = placeOf(found)
  const { metadata, spec } = place
  const outer = found.kind === 'Pod' ? undefined : outerWorkload(found)
  const pod = { metadata, spec, status: {} } as Pod
  const { settings } = run.params
  const workload = outer ?? workloadOf(pod, settings.release)
  const name = displayName(workload, metadata)
  if (spec.hostNetwork === true) {
    run.warnings.push(`===> Skipping injection because ${name} has host networking enabled\n`)
    return found.object
  }
  const mesh = meshFor(settings, metadata)
  const decision = decide({
    pod,
    namespace: '',
    config: settings.config,
    release: settings.release,
  })
  if (!decision.inject) {
    run.warnings.push(`===> Skipping injection because ${name} has sidecar injection disabled\n`)
    return found.object
  }
  const result = injectPod({
    ...run.params,
    pod,
    settings: { ...settings, mesh },
    envPairs: {},
    mode: 'kube-inject',
    compat: 'istio',
    workload,
  })
  return place.put(result.pod)
}

/** Items are injected one by one; those of other kinds are kept. */
function intoList(list: JsonObject, run: Run): JsonObject {
  const items = list['items']
  if (!Array.isArray(items)) return list
  return {
    ...list,
    items: items.map((item) => {
      const found = readObject(item)
      return found === undefined ? item : intoObject(found, run)
    }),
  }
}

function outerWorkload(found: Found): Workload {
  const metadata = found.object['metadata'] as ObjectMeta
  return {
    typeMeta: { kind: found.kind, apiVersion: found.apiVersion },
    deploymentMeta: { name: metadata.name ?? '', namespace: metadata.namespace ?? '' },
  }
}

/** `KIND "NS/NAME"`: namespace of the object, name of its pod template if it has one. */
function displayName(workload: Workload, metadata: ObjectMeta): string {
  const { kind } = workload.typeMeta
  const { namespace } = workload.deploymentMeta
  const name = metadata.name || workload.deploymentMeta.name
  const full = namespace === '' ? name : `${namespace}/${name}`
  return kind === '' ? `"${full}"` : `${kind} "${full}"`
}

function meshFor(settings: RevisionSettings, metadata: ObjectMeta): Message {
  try {
    return kubeInjectMesh(settings.mesh, metadata.annotations ?? {}, settings.release)
  } catch (error) {
    if (error instanceof JsonError) throw new ProblemError('invalid-annotation', error.message)
    throw error
  }
}

interface Place {
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
  /** The object with the pod's metadata and spec put where they came from. */
  readonly put: (pod: Pod) => JsonObject
}

/**
 * Where the pod is inside its object. A CronJob's metadata is that of the job template, not of the pod template, as
 * labels and annotations are read from there and written there.
 */
function placeOf(found: Found): Place {
  const { object, kind } = found
  if (kind === 'Pod') return place(object, [], [])
  if (kind === 'CronJob') {
    return place(object, ['spec', 'jobTemplate'], ['spec', 'jobTemplate', 'spec', 'template'])
  }
  const template = (object['spec'] as JsonObject)['template']
  if (!isObject(template)) throw new ProblemError('invalid-object', 'spec.template is required value')
  return place(object, ['spec', 'template'], ['spec', 'template'])
}

function place(object: JsonObject, metadataAt: readonly string[], specAt: readonly string[]): Place {
  const metadata = (get(object, metadataAt)['metadata'] ?? {}) as ObjectMeta
  const spec = (get(object, specAt)['spec'] ?? {}) as unknown as PodSpec
  return {
    metadata,
    spec,
    put: (pod) => {
      const changed = set(object, metadataAt, 'metadata', pod.metadata as JsonObject)
      return set(changed, specAt, 'spec', pod.spec as unknown as JsonObject)
    },
  }
}

function get(object: JsonObject, path: readonly string[]): JsonObject {
  return path.reduce<JsonObject>((at, key) => (isObject(at[key]) ? at[key] : {}), object)
}

function set(object: JsonObject, path: readonly string[], key: string, value: JsonObject): JsonObject {
  const [first, ...rest] = path
  if (first === undefined) return { ...object, [key]: value }
  const child = object[first]
  return { ...object, [first]: set(isObject(child) ? child : {}, rest, key, value) }
}
