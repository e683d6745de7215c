// Takes out of a pod what injection put in, and puts back what it moved: `uninjected` is the inverse of injection as far
// as the pod tells (annotations status and overrides, env of the sidecar). What a pod cannot tell (a named port of a
// probe, a label that was there before) is recorded by our own `inject` in the status annotation, as a JSON patch under
// `restore`, and only where it is needed: Istio ignores that field.

import type { Pod } from '../../api/kube.ts'
import { ANNOTATION, CONTAINER, LABEL } from '../../api/names.ts'
import { applyPatch } from '../../patch/apply.ts'
import { diff, type Operation } from '../../patch/diff.ts'
import { equalJson, isObject, type Json, type JsonObject, own, setOwn } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { PROBERS_ENV, restoreProbes } from './uninject-probes.ts'

const SCRAPING_ENV = 'ISTIO_PROMETHEUS_ANNOTATIONS'
const RESTORE = 'restore'
/** Annotations that only an injection writes. */
const OURS = [ANNOTATION.status, ANNOTATION.overrides, ANNOTATION.configHash, ANNOTATION.record]

interface Status {
  readonly containers: readonly string[]
  readonly initContainers: readonly string[]
  readonly volumes: readonly string[]
  readonly imagePullSecrets: readonly string[]
  readonly restore: Operation[]
}

/** The status annotation of a pod or template; undefined when it was not injected. Throws on text that is no status. */
function readStatus(template: JsonObject): Status | undefined {
  const text = own(stringMap(template, 'annotations'), ANNOTATION.status)
  if (text === undefined) return undefined
  const status = jsonObject(text)
  if (status === undefined) {
    const field = `metadata.annotations["${ANNOTATION.status}"]`
    throw new ProblemError('invalid-annotation', `the text is no JSON object: ${JSON.stringify(text)}`, {
      field,
    })
  }
  const names = (key: string): string[] => listOf(status, key).filter((name) => typeof name === 'string')
  return {
    containers: names('containers'),
    initContainers: names('initContainers'),
    volumes: names('volumes'),
    imagePullSecrets: names('imagePullSecrets'),
    restore: listOf(status, RESTORE) as unknown as Operation[],
  }
}

export interface Uninjected {
  readonly template: JsonObject
  readonly warnings: readonly string[]
}

/** `template` (a pod, or a pod template) before its injection; the same reference when it was never injected. */
export function uninjected(template: JsonObject): Uninjected {
  const status = readStatus(template)
  if (status === undefined) return { template, warnings: [] }
  const plain = withoutInjected(template, status)
  if (status.restore.length === 0) return { template: plain, warnings: [] }
  try {
    return { template: applyPatch(plain, status.restore) as JsonObject, warnings: [] }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const warning = `the record of the injection no longer fits, what it restores is left out: ${error.message}`
    return { template: plain, warnings: [warning] }
  }
}

/** The injected template with a record in its status of what `uninjected` could not tell; unchanged where it can. */
export function withRecord(injected: JsonObject, original: JsonObject): JsonObject {
  const status = readStatus(injected)
  if (status === undefined) return injected
  const plain = withoutInjected(injected, status)
  if (equalJson(plain, original)) return injected
  const operations = diff(plain, original)
  const metadata = own(injected, 'metadata') as JsonObject
  const annotations = own(metadata, 'annotations') as JsonObject
  const text = own(annotations, ANNOTATION.status) as string
  const record = JSON.stringify({ ...jsonObject(text), [RESTORE]: operations })
  return {
    ...injected,
    metadata: { ...metadata, annotations: { ...annotations, [ANNOTATION.status]: record } },
  }
}

function withoutInjected(template: JsonObject, status: Status): JsonObject {
  const spec = objectOf(template, 'spec')
  const sidecar = sidecarOf(spec)
  const probers = jsonObject(envOf(sidecar, PROBERS_ENV)) ?? {}
  const overrides = jsonObject(own(stringMap(template, 'annotations'), ANNOTATION.overrides)) ?? {}
  let result = spec
  for (const list of ['initContainers', 'containers'] as const) {
    result = withoutNamed(result, list, status[list])
    result = mapList(result, list, (container) => restoreProbes(container, probers))
  }
  result = withoutNamed(result, 'volumes', status.volumes)
  result = withoutNamed(result, 'imagePullSecrets', status.imagePullSecrets)
  result = withOverrides(result, overrides)
  const metadata = cleanMetadata(template, result, sidecar)
  const rest = Object.entries(template).filter(([key]) => key !== 'metadata' && key !== 'spec')
  const hadMetadata = Object.hasOwn(template, 'metadata') && Object.keys(metadata).length > 0
  return { ...Object.fromEntries(rest), ...(hadMetadata ? { metadata } : {}), spec: result }
}

/** The user's own containers of injected names go where users write them: among the containers. */
function withOverrides(spec: JsonObject, overrides: JsonObject): JsonObject {
  const proxies = listOf(overrides, 'initContainers').filter((item) => nameOf(item) === CONTAINER.proxy)
  const inits = listOf(overrides, 'initContainers').filter((item) => !proxies.includes(item))
  const own = [...listOf(overrides, 'containers'), ...proxies].map(asWritten)
  let result = spec
  if (own.length > 0) result = { ...result, containers: [...listOf(spec, 'containers'), ...own] }
  if (inits.length > 0) result = { ...result, initContainers: [...listOf(spec, 'initContainers'), ...inits] }
  return result
}

/** A recorded container without an image had `auto`, which asks for the template's; empty `resources` are always recorded. */
function asWritten(container: Json): Json {
  if (!isObject(container)) return container
  const { resources, ...rest } = container
  const kept = isObject(resources) && Object.keys(resources).length === 0 ? rest : container
  return (own(kept, 'image') ?? '') === '' ? { ...kept, image: 'auto' } : kept
}

function cleanMetadata(template: JsonObject, spec: JsonObject, sidecar: JsonObject | undefined): JsonObject {
  const metadata = objectOf(template, 'metadata')
  const annotations = { ...stringMap(template, 'annotations') }
  const labels = { ...stringMap(template, 'labels') }
  for (const name of [...OURS, LABEL.revision]) {
    delete annotations[name]
  }
  const first = nameOf(listOf(spec, 'containers')[0] ?? null)
  for (const name of [
    'kubectl.kubernetes.io/default-container',
    'kubectl.kubernetes.io/default-logs-container',
  ]) {
    if (own(annotations, name) === first) delete annotations[name]
  }
  restoreScraping(annotations, envOf(sidecar, SCRAPING_ENV))
  cleanLabels(labels)
  const result: JsonObject = {}
  for (const [key, value] of Object.entries(metadata)) {
    const next = key === 'annotations' ? annotations : key === 'labels' ? labels : value
    const emptied = isObject(next) && next !== value && Object.keys(next).length === 0
    if (!emptied) setOwn(result, key, next)
  }
  return result
}

/** Prometheus annotations of the application come back from the sidecar's env; those of the agent alone just go. */
function restoreScraping(annotations: Record<string, string>, recorded: string | undefined): void {
  const names = { scrape: 'prometheus.io/scrape', port: 'prometheus.io/port', path: 'prometheus.io/path' }
  if (own(annotations, names.path) !== '/stats/prometheus') return
  const original = jsonObject(recorded) ?? {}
  for (const [kind, name] of Object.entries(names)) {
    const value = own(original, kind)
    if (typeof value === 'string' && value !== '') annotations[name] = value
    else delete annotations[name]
  }
}

/** Labels that stock templates add, where their value is what the templates make of the other labels. */
function cleanLabels(labels: Record<string, string>): void {
  if (own(labels, 'security.istio.io/tlsMode') === 'istio') delete labels['security.istio.io/tlsMode']
  const revision = own(labels, 'app.kubernetes.io/version') || own(labels, 'version') || 'latest'
  if (own(labels, 'service.istio.io/canonical-revision') !== revision) return
  delete labels['service.istio.io/canonical-revision']
  delete labels['service.istio.io/canonical-name']
}

function sidecarOf(spec: JsonObject): JsonObject | undefined {
  const all = [...listOf(spec, 'containers'), ...listOf(spec, 'initContainers')]
  return all.filter(isObject).find((container) => nameOf(container) === CONTAINER.proxy)
}

function envOf(container: JsonObject | undefined, name: string): string | undefined {
  const env = container === undefined ? [] : listOf(container, 'env')
  const found = env.find((item) => nameOf(item) === name)
  const value = isObject(found) ? own(found, 'value') : undefined
  return typeof value === 'string' ? value : undefined
}

function withoutNamed(spec: JsonObject, key: string, names: readonly string[]): JsonObject {
  const list = listOf(spec, key)
  const kept = list.filter((item) => !names.includes(nameOf(item) ?? ''))
  if (kept.length === list.length) return spec
  if (kept.length > 0) return { ...spec, [key]: kept }
  const { [key]: _, ...rest } = spec
  return rest
}

function mapList(spec: JsonObject, key: string, change: (item: Json) => Json): JsonObject {
  const list = listOf(spec, key)
  const next = list.map(change)
  return next.every((item, i) => item === list[i]) ? spec : { ...spec, [key]: next }
}

const nameOf = (item: Json): string | undefined => {
  const name = isObject(item) ? own(item, 'name') : undefined
  return typeof name === 'string' ? name : undefined
}

function listOf(object: JsonObject, key: string): Json[] {
  const value = own(object, key)
  return Array.isArray(value) ? value : []
}

function objectOf(object: JsonObject, key: string): JsonObject {
  const value = own(object, key)
  return isObject(value) ? value : {}
}

function stringMap(template: JsonObject, key: 'labels' | 'annotations'): Record<string, string> {
  const metadata = (template as unknown as Pod).metadata
  const value: unknown = isObject(metadata) ? own(metadata, key) : undefined
  return isObject(value) ? (value as Record<string, string>) : {}
}

function jsonObject(text: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
