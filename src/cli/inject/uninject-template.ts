// Takes out of a pod or template what injection put in, and puts back what it moved. Out comes the text's own data with
// the pod's typed form restored in it: by the record of an injection under compat improved, else as far as the pod tells
// (annotations status and overrides, env of the sidecar). What is lost on the way (spellings such as `2000m`, empty
// lists, a named port of a probe) is recorded by our own `inject` in the status annotation, as a JSON patch under
// `restore`, and only where it is needed: Istio ignores that field.

import type { ObjectMeta, Pod } from '../../api/kube.ts'
import { ANNOTATION, LABEL } from '../../api/names.ts'
import { containersOf } from '../../injection/containers.ts'
import { parseJson } from '../../injection/gotext.ts'
import { decodePod } from '../../injection/inject.ts'
import { hasRecord } from '../../injection/record.ts'
import { restorePod } from '../../injection/restore.ts'
import { readStatus } from '../../injection/status.ts'
import { applyPatch } from '../../patch/apply.ts'
import { diff, type Operation } from '../../patch/diff.ts'
import { rebase } from '../../patch/rebase.ts'
import { POD } from '../../patch/schema.ts'
import { equalJson, isObject, type Json, type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'

const RESTORE = 'restore'

export interface Uninjected {
  readonly template: JsonObject
  readonly warnings: readonly string[]
}

/**
 * `template` (a pod, or a pod template) before its injection; the same reference when it was never injected. Throws a
 * ProblemError on a status that is none, and where the template is no pod.
 */
export function uninjected(template: JsonObject): Uninjected {
  const text = statusText(template)
  if (text === undefined) return { template, warnings: [] }
  const pod = decodePod(template, '')
  if (!hasRecord(pod) && readStatus(text) === undefined) {
    const field = `metadata.annotations["${ANNOTATION.status}"]`
    const message = `the text is ${JSON.stringify(text)}, expected a JSON object with lists of names`
    throw new ProblemError('invalid-annotation', message, { field })
  }
  const plain = restored(template, pod)
  const restore = own(statusObject(text), RESTORE)
  if (!Array.isArray(restore)) return { template: plain, warnings: [] }
  try {
    return { template: applyPatch(plain, restore as unknown as Operation[]) as JsonObject, warnings: [] }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const warning = `the record of the injection no longer fits, what it restores is left out: ${error.message}`
    return { template: plain, warnings: [warning] }
  }
}

/** The injected template with a record in its status of what `uninjected` could not tell; unchanged where it can. */
export function withRestore(injected: JsonObject, original: JsonObject): JsonObject {
  const text = statusText(injected)
  if (text === undefined || readStatus(text) === undefined) return injected
  const plain = restored(injected, decodePod(injected, ''))
  if (equalJson(plain, original)) return injected
  const status = JSON.stringify({ ...statusObject(text), [RESTORE]: diff(plain, original) })
  const metadata = own(injected, 'metadata') as JsonObject
  const annotations = { ...(own(metadata, 'annotations') as JsonObject), [ANNOTATION.status]: status }
  return { ...injected, metadata: { ...metadata, annotations } }
}

/** `template`, whose typed form is `pod`, without its injection; metadata that gets empty goes. */
function restored(template: JsonObject, pod: Pod): JsonObject {
  const plain = restorePod(pod)
  const former = hasRecord(pod) ? plain : { ...plain, metadata: withoutStock(plain) }
  const result = rebase(template, pod as unknown as Json, former as unknown as Json, POD) as JsonObject
  const { metadata, ...rest } = result
  return isObject(metadata) && Object.keys(metadata).length === 0 ? rest : result
}

/** Written by the stock templates as an annotation, read by injection as a label. */
const STOCK_ANNOTATIONS: readonly string[] = [LABEL.revision]
const DEFAULT_CONTAINER: readonly string[] = [
  'kubectl.kubernetes.io/default-container',
  'kubectl.kubernetes.io/default-logs-container',
]

/** The metadata of a pod that Istio injected, without what the stock templates add where it is what they make of the rest. */
function withoutStock(pod: Pod): ObjectMeta {
  const { metadata } = pod
  const [first] = containersOf(pod, 'containers')
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name, value]) =>
      !STOCK_ANNOTATIONS.includes(name) && !(DEFAULT_CONTAINER.includes(name) && value === first?.name),
  )
  const result: Record<string, unknown> = { ...metadata }
  for (const [key, map] of [
    ['annotations', Object.fromEntries(annotations)],
    ['labels', withoutStockLabels(metadata.labels ?? {})],
  ] as const) {
    if (Object.keys(map).length > 0) result[key] = map
    else delete result[key]
  }
  return result as ObjectMeta
}

function withoutStockLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const result = { ...labels }
  if (own(labels, 'security.istio.io/tlsMode') === 'istio') delete result['security.istio.io/tlsMode']
  const revision = own(labels, 'app.kubernetes.io/version') || own(labels, 'version') || 'latest'
  const canonical = own(labels, 'service.istio.io/canonical-name')
  // Without these labels it is the name of the workload, which a template does not know.
  const name = own(labels, 'app.kubernetes.io/name') || own(labels, 'app') || canonical
  if (own(labels, 'service.istio.io/canonical-revision') !== revision) return result
  delete result['service.istio.io/canonical-revision']
  if (canonical === name) delete result['service.istio.io/canonical-name']
  return result
}

/** The status annotation as it is written; undefined when there is none. */
function statusText(template: JsonObject): string | undefined {
  const metadata = own(template, 'metadata')
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined
  const text = isObject(annotations) ? own(annotations, ANNOTATION.status) : undefined
  return typeof text === 'string' ? text : undefined
}

function statusObject(text: string): JsonObject {
  try {
    const status = parseJson(text)
    return isObject(status) ? status : {}
  } catch (error) {
    if (error instanceof ProblemError) return {}
    throw error
  }
}
