// Objects of the API server, reduced to what injection knows of a cluster: Namespaces and Nodes. Objects without a name
// give undefined. Everything else of an object is dropped, so that what is kept stays small.

import type { NamespaceInfo, NodeVersion } from '../api/mesh.ts'
import { isObject, type Json, type JsonObject, own, setOwn } from '../std/json.ts'
import { NAMESPACE_ANNOTATIONS } from './openshift.ts'

function objectAt(value: Json | undefined, key: string): JsonObject | undefined {
  const found = isObject(value) ? own(value, key) : undefined
  return isObject(found) ? found : undefined
}

function textAt(value: Json | undefined, key: string): string {
  const found = isObject(value) ? own(value, key) : undefined
  return typeof found === 'string' ? found : ''
}

function texts(value: JsonObject | undefined, only?: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (const key of only ?? Object.keys(value ?? {})) {
    const item = own(value ?? {}, key)
    if (typeof item === 'string') setOwn(result, key, item)
  }
  return result
}

export function namespaceInfo(object: Json): NamespaceInfo | undefined {
  const metadata = objectAt(object, 'metadata')
  const name = textAt(metadata, 'name')
  if (metadata === undefined || name === '') return undefined
  return {
    name,
    labels: texts(objectAt(metadata, 'labels')),
    // Others are most of what a namespace weighs: kubectl keeps a copy of the whole object in one.
    annotations: texts(objectAt(metadata, 'annotations'), NAMESPACE_ANNOTATIONS),
  }
}

export function nodeVersion(object: Json): NodeVersion | undefined {
  const name = textAt(objectAt(object, 'metadata'), 'name')
  if (name === '') return undefined
  return { name, kubeletVersion: textAt(objectAt(objectAt(object, 'status'), 'nodeInfo'), 'kubeletVersion') }
}
