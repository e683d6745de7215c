// Pods and namespaces that get another sidecar than their labels ask for, or none (contract revisions §8). In: what the
// cluster holds; out: findings. The injector's own rules that need its settings are asked of the caller.

import type { NamespaceInfo } from '../api/mesh.ts'
import { ANNOTATION, CONTAINER, IGNORED_NAMESPACES, LABEL } from '../api/names.ts'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { type Configuration, objectField, type Registered, textField } from './configuration.ts'
import { textsOf } from './control-plane.ts'
import type { Discovery } from './discover.ts'
import { type Finding, finding } from './finding.ts'
import { askedRevision, type PodPlace, type RoutedEntry } from './route.ts'
import { Router } from './router.ts'
import { DEFAULT } from './rules.ts'

/** A pod, or the template of a workload. */
export interface CheckedPod {
  /** `Pod`, or the workload's. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Those that the injector's rules look at. */
  readonly annotations: Readonly<Record<string, string>>
  /** It has the annotation that injection writes: a template of the user's own may make something else than a proxy. */
  readonly injected: boolean
  readonly hostNetwork: boolean
  /** It will not run again. */
  readonly finished: boolean
  /** Its proxy is to be filled in by injection. */
  readonly imageAuto: boolean
  readonly hasProxy: boolean
  /** Revision that injected it; empty when nothing tells. */
  readonly revision: string
  /** A container of the application, or the whole pod, runs as the proxy's user. */
  readonly asProxyUser: boolean
}

/** User that the traffic of a pod is not redirected for. */
const PROXY_UID = 1337

/** `kind` and `name` are the workload's where `raw` is a template. */
export function readCheckedPod(raw: JsonObject, kind = 'Pod', name?: string, namespace?: string): CheckedPod {
  const metadata = objectField(raw, 'metadata')
  const spec = objectField(raw, 'spec')
  const labels = textsOf(objectField(metadata, 'labels'))
  const all = textsOf(objectField(metadata, 'annotations'))
  const status = own(all, ANNOTATION.status)
  const asked = own(all, ANNOTATION.inject)
  const containers = [...listOf(spec['initContainers']), ...listOf(spec['containers'])]
  const proxies = containers.filter((container) => textField(container, 'name') === CONTAINER.proxy)
  const users = [spec, ...containers.filter((container) => !isIstio(container))]
  return {
    kind,
    namespace: namespace ?? textField(metadata, 'namespace'),
    name: name ?? textField(metadata, 'name'),
    labels,
    annotations: asked === undefined ? {} : { [ANNOTATION.inject]: asked },
    injected: status !== undefined,
    hostNetwork: spec['hostNetwork'] === true,
    finished: ['Succeeded', 'Failed'].includes(textField(objectField(raw, 'status'), 'phase')),
    imageAuto: proxies.some((proxy) => textField(proxy, 'image') === 'auto'),
    hasProxy: proxies.length > 0,
    revision: own(all, LABEL.revision) ?? statusRevision(status),
    asProxyUser: users.some((each) => objectField(each, 'securityContext')['runAsUser'] === PROXY_UID),
  }
}

function listOf(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : []).filter(isObject)
}

function isIstio(container: JsonObject): boolean {
  const name = textField(container, 'name')
  return Object.values(CONTAINER).some((each) => each === name)
}

function statusRevision(status: string | undefined): string {
  if (status === undefined) return ''
  try {
    const parsed: unknown = JSON.parse(status)
    return isObject(parsed) ? textField(parsed, 'revision') : ''
  } catch {
    return ''
  }
}

export interface PodInputs {
  readonly configurations: readonly Configuration[]
  readonly discovery: Discovery
  readonly namespaces: readonly NamespaceInfo[]
  readonly pods: readonly CheckedPod[]
  /** The second stage by the revision's settings; undefined when they are not known. */
  readonly decide: (pod: CheckedPod, revision: string) => boolean | undefined
}

export function checkNamespaces({ configurations, discovery, namespaces }: PodInputs): Finding[] {
  const known = knownNames(discovery)
  const router = new Router(configurations)
  return namespaces
    .filter(({ name }) => !IGNORED_NAMESPACES.includes(name))
    .flatMap(({ name, labels }) => {
      const place = placeIn(name, labels, {})
      const object = `Namespace ${name}`
      const injection = own(labels, LABEL.injection)
      const revision = own(labels, LABEL.revision)
      const [injector] = router.injectors(place)
      if (injection !== undefined && revision !== undefined) {
        const message = `labels istio-injection=${injection} and istio.io/rev=${revision}: the first one decides alone`
        const taken = injector?.of === undefined ? revision : revisionOf(discovery, injector.of)
        return [finding('conflicting-labels', object, message, 'remove one of them', taken)]
      }
      if (injector !== undefined) return []
      if (injection === 'enabled') {
        const message =
          'labelled istio-injection=enabled, but there is no default injector: its pods get no sidecar'
        const hint = 'set one (remora tag set default --revision …), or label the namespace istio.io/rev=…'
        return [finding('no-injector', object, message, hint, DEFAULT)]
      }
      return injection === undefined && revision !== undefined ? unknown(object, revision, known) : []
    })
}

function knownNames({ revisions, tags }: Discovery): ReadonlySet<string> {
  return new Set([...revisions.map(({ name }) => name), ...tags.map(({ name }) => name)])
}

/** No entry is called for a name that a label asks for. */
function unknown(object: string, revision: string, known: ReadonlySet<string>): Finding[] {
  const asked = `label istio.io/rev=${revision} names`
  const none = 'no injector is called, and pods get no sidecar'
  if (known.has(revision)) {
    const message = `${asked} a revision or tag without a live webhook entry: ${none}`
    return [finding('no-injector', object, message, 'see remora revision list and remora tag list', revision)]
  }
  const names = [...known].sort().join(', ')
  const hint = names === '' ? 'there is no revision at all' : `revisions and tags: ${names}`
  return [finding('unknown-revision', object, `${asked} no revision and no tag: ${none}`, hint, revision)]
}

function placeIn(
  namespace: string,
  labels: Readonly<Record<string, string>>,
  podLabels: Readonly<Record<string, string>>,
): PodPlace {
  const namespaceLabels = { ...labels, 'kubernetes.io/metadata.name': namespace }
  return { namespaceLabels, podLabels }
}

export function checkPods(inputs: PodInputs): Finding[] {
  const labels = new Map(inputs.namespaces.map((each) => [each.name, each.labels]))
  const known = knownNames(inputs.discovery)
  const revisions = new Set(inputs.discovery.revisions.map(({ name }) => name))
  const router = new Router(inputs.configurations)
  return inputs.pods
    .filter(({ finished, namespace }) => !finished && !IGNORED_NAMESPACES.includes(namespace))
    .flatMap((pod) => {
      const place = placeIn(pod.namespace, labels.get(pod.namespace) ?? {}, pod.labels)
      const [injector] = router.injectors(place)
      const object = `${pod.kind} ${pod.namespace}/${pod.name}`
      if (pod.kind !== 'Pod') return templateFindings(object, pod, injector)
      return [
        ...unknownLabel(object, place, injector, known),
        ...proxyFindings(inputs, object, pod, injector, revisions),
      ]
    })
}

/** A label of the pod's own; a namespace's is reported with the namespace. */
function unknownLabel(
  object: string,
  place: PodPlace,
  injector: RoutedEntry | undefined,
  known: ReadonlySet<string>,
): Finding[] {
  if (injector !== undefined || own(place.namespaceLabels, LABEL.revision) !== undefined) return []
  const asked = askedRevision(place)
  return asked === undefined ? [] : unknown(object, asked, known)
}

function templateFindings(object: string, pod: CheckedPod, injector: RoutedEntry | undefined): Finding[] {
  if (!pod.imageAuto || injector !== undefined) return []
  const message =
    'its proxy has image "auto", which injection fills in, but no injector is called for its pods'
  return [finding('image-auto', object, message, HOW_TO_LABEL)]
}

const HOW_TO_LABEL = 'label its namespace istio-injection=enabled or istio.io/rev=…, then restart it'

function proxyFindings(
  inputs: PodInputs,
  object: string,
  pod: CheckedPod,
  injector: RoutedEntry | undefined,
  revisions: ReadonlySet<string>,
): Finding[] {
  const found: Finding[] = []
  const revision = injector?.of === undefined ? undefined : revisionOf(inputs.discovery, injector.of)
  if (pod.imageAuto) {
    const message = 'its proxy has image "auto": it was not injected, and cannot start'
    found.push(finding('image-auto', object, message, HOW_TO_LABEL, revision))
  } else if (!pod.hasProxy && !pod.injected && revision !== undefined && isWanted(inputs, pod, revision)) {
    found.push(missing(object, revision, injector?.conditions ?? []))
  } else if (pod.hasProxy && pod.revision !== '' && !revisions.has(pod.revision)) {
    const message = `its sidecar is of revision "${pod.revision}", which does not exist any more`
    const hint = 'restart it, once another revision takes it'
    found.push(finding('orphaned-proxy', object, message, hint, pod.revision))
  } else if (pod.hasProxy && pod.revision !== '' && revision !== undefined && revision !== pod.revision) {
    const message = `its sidecar is of revision "${pod.revision}"; a new one would be of revision "${revision}"`
    found.push(finding('other-revision', object, message, 'restart it when it suits you', revision))
  }
  if (pod.asProxyUser && (pod.hasProxy || revision !== undefined)) {
    const message = `runs as user ${PROXY_UID}, whose traffic goes around the sidecar`
    found.push(finding('proxy-uid', object, message, 'choose another runAsUser', revision))
  }
  return found
}

/** Conditions may have kept the injector from it: only API servers evaluate them. */
function missing(object: string, revision: string, conditions: readonly string[]): Finding {
  if (conditions.length === 0) {
    const message = `has no sidecar, but its labels ask for one of revision "${revision}"`
    return finding(
      'missing-sidecar',
      object,
      message,
      'restart it; see remora explain for the rule',
      revision,
    )
  }
  const message = `has no sidecar; its labels ask for one of revision "${revision}", if condition ${conditions.join(' and ')} holds, too`
  const hint = 'see remora explain for the condition, which only an API server evaluates'
  return finding('sidecar-unknown', object, message, hint, revision)
}

/** The revision that an entry stands for; undefined for a tag that is not known. */
export function revisionOf({ tags }: Discovery, { kind, name }: Registered): string | undefined {
  return kind === 'revision' ? name : tags.find((tag) => tag.name === name)?.revision
}

/** The second stage: what the injector itself would say, as far as it can be known. */
function isWanted({ decide }: PodInputs, pod: CheckedPod, revision: string): boolean {
  const asked = own(pod.labels, ANNOTATION.inject) ?? own(pod.annotations, ANNOTATION.inject)
  if (pod.hostNetwork || asked === 'false') return false
  return decide(pod, revision) ?? true
}
