// What a running pod says about its injection: which revision made its sidecar, and which proxy it runs (contract
// revisions §4.3, §6.2). In: a pod as the API server lists it; out: facts. Reads only, judges nothing.

import { ANNOTATION, CONTAINER, LABEL } from '../../api/names.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import { imageTag, textsOf } from '../../revision/control-plane.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import { isObject, type Json, type JsonObject, own } from '../../std/json.ts'

export interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Undefined without a sidecar. */
  readonly proxy?: ProxyFacts
  /** Version of istiod, in a pod of a control plane. */
  readonly istiod?: string
  /** It will not run again. */
  readonly finished: boolean
}

export interface ProxyFacts {
  /** Empty when nothing tells it: a proxy that was put in by hand. */
  readonly revision: string
  readonly image: string
  /** The image's tag, or its digest. */
  readonly version: string
  /** Whether it is an init container that goes on running. */
  readonly native: boolean
}

export function podFacts(raw: JsonObject): PodFacts {
  const metadata = objectField(raw, 'metadata')
  const labels = textsOf(objectField(metadata, 'labels'))
  const proxy = proxyFacts(raw, labels)
  const istiod = istiodVersion(raw, labels)
  return {
    namespace: textField(metadata, 'namespace'),
    name: textField(metadata, 'name'),
    labels,
    ...(proxy === undefined ? {} : { proxy }),
    ...(istiod === undefined ? {} : { istiod }),
    finished: ['Succeeded', 'Failed'].includes(textField(objectField(raw, 'status'), 'phase')),
  }
}

function proxyFacts(raw: JsonObject, labels: Readonly<Record<string, string>>): ProxyFacts | undefined {
  const spec = objectField(raw, 'spec')
  const isProxy = (container: JsonObject): boolean => textField(container, 'name') === CONTAINER.proxy
  const native = listField(spec, 'initContainers').find(isProxy)
  const container = native ?? listField(spec, 'containers').find(isProxy)
  if (container === undefined) return undefined
  const image = textField(container, 'image')
  return {
    revision: revisionOf(objectField(objectField(raw, 'metadata'), 'annotations'), labels),
    image,
    version: versionOf(image),
    native: native !== undefined,
  }
}

function istiodVersion(raw: JsonObject, labels: Readonly<Record<string, string>>): string | undefined {
  if (own(labels, 'app') !== 'istiod') return undefined
  const containers = listField(objectField(raw, 'spec'), 'containers')
  const discovery = containers.find((container) => textField(container, 'name') === 'discovery')
  return discovery === undefined ? undefined : versionOf(textField(discovery, 'image'))
}

/** The tag of an image, or its digest. */
function versionOf(image: string): string {
  return imageTag(image) || image.slice(image.indexOf('@') + 1)
}

/** The annotation, else what the status annotation records, else the label: gateways that istiod renders have only that. */
function revisionOf(annotations: JsonObject, labels: Readonly<Record<string, string>>): string {
  const written = textField(annotations, LABEL.revision)
  if (written !== '') return written
  const recorded = statusRevision(own(annotations, ANNOTATION.status))
  return recorded || (own(labels, LABEL.revision) ?? '')
}

function statusRevision(status: Json | undefined): string {
  if (typeof status !== 'string') return ''
  try {
    const record: unknown = JSON.parse(status)
    return isObject(record) ? textField(record, 'revision') : ''
  } catch {
    return '' // not written by an injector
  }
}

export function listField(object: JsonObject, name: string): JsonObject[] {
  const value = own(object, name)
  return (Array.isArray(value) ? value : []).filter(isObject)
}

/** How often each text occurs, in the order of the texts. */
export function countsOf(texts: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => compareGoStrings(a, b)))
}
