// What two pods or two YAML streams are compared by: rule N of a conformance corpus, and a structural comparison of
// printed documents for releases whose text carries types of an older Kubernetes.

import { workloadType } from '../../src/patch/schema-workload.ts'
import { decode } from '../../src/patch/typed.ts'
import { equalJson, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { jsonDiff } from './compare.ts'

const STATUS = 'sidecar.istio.io/status'
const META_JSON = 'ISTIO_METAJSON_'

/** Rule N on the injected side: no status annotation, no fieldRef.apiVersion in the env of containers. */
export function normalise(pod: Json): Json {
  if (!isObject(pod)) return pod
  const metadata = isObject(pod['metadata']) ? withoutStatus(pod['metadata']) : pod['metadata']
  const spec = pod['spec']
  if (!isObject(spec)) return { ...pod, ...(metadata === undefined ? {} : { metadata }) }
  const containers = spec['containers']
  const cleaned = Array.isArray(containers) ? containers.map(withoutFieldVersions) : (containers ?? null)
  return { ...pod, metadata: metadata ?? {}, spec: { ...spec, containers: cleaned } }
}

function withoutStatus(metadata: JsonObject): JsonObject {
  const { annotations, ...rest } = metadata
  if (!isObject(annotations)) return metadata
  const { [STATUS]: _, ...kept } = annotations
  return Object.keys(kept).length === 0 ? rest : { ...rest, annotations: kept }
}

function withoutFieldVersions(container: Json): Json {
  if (!isObject(container) || !Array.isArray(container['env'])) return container
  return { ...container, env: container['env'].map(withoutFieldVersion) }
}

function withoutFieldVersion(variable: Json): Json {
  if (!isObject(variable)) return variable
  const { name, value, valueFrom } = variable
  if (typeof name === 'string' && name.startsWith(META_JSON)) requireStrings(name, value)
  if (!isObject(valueFrom) || !isObject(valueFrom['fieldRef'])) return variable
  const { apiVersion: _, ...fieldRef } = valueFrom['fieldRef']
  return { ...variable, valueFrom: { ...valueFrom, fieldRef } }
}

function requireStrings(name: string, value: Json | undefined): void {
  const parsed: unknown = JSON.parse(typeof value === 'string' ? value : '')
  if (isObject(parsed) && Object.values(parsed).every((item) => typeof item === 'string')) return
  throw new Error(`env ${name} holds no JSON object of strings: ${String(value)}`)
}

/** Whether two YAML streams hold the same documents once both are decoded into our types; else a diff. */
export function sameDocuments(want: string, got: string): string | undefined {
  const [left, right] = [documents(want), documents(got)]
  return equalJson(left, right) ? undefined : jsonDiff(left, right)
}

function documents(text: string): Json[] {
  return text
    .split(/^---[ \t]*(?:#.*)?$/m)
    .map((part) => parseYaml(part))
    .filter((document) => document !== null)
    .map(typed)
}

function typed(document: Json): Json {
  if (!isObject(document)) return document
  const { kind, apiVersion } = document
  const type =
    typeof kind === 'string' && typeof apiVersion === 'string' ? workloadType(apiVersion, kind) : undefined
  if (type === undefined) return document
  const { status: _, ...decoded } = decode(type, document) as JsonObject
  const items = decoded['items']
  return Array.isArray(items) ? { ...decoded, items: items.map(typed) } : decoded
}
