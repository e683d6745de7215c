// Whether a pod was made before what decides about it now: the namespace's label was written, or the webhook entry was
// registered, after the pod was created. In: objects with their managed fields; out: sentences, empty without evidence.

import { LABEL } from '../../api/names.ts'
import { type Configuration, objectField, textField } from '../../revision/configuration.ts'
import type { JsonObject } from '../../std/json.ts'
import { listField } from '../cluster/pods.ts'

/** `called`: the configuration whose entry matches the pod now. */
export function madeBefore(
  pod: JsonObject,
  namespace: JsonObject,
  called: Configuration | undefined,
): string[] {
  const metadata = objectField(pod, 'metadata')
  const created = textField(metadata, 'creationTimestamp')
  if (created === '') return []
  const later: string[] = []
  for (const label of [LABEL.injection, LABEL.revision]) {
    for (const { manager, time } of writersOf(objectField(namespace, 'metadata'), label)) {
      if (!(Date.parse(time) > Date.parse(created))) continue
      later.push(
        `label ${label} of the namespace was written at ${time}${manager === '' ? '' : ` by ${manager}`}`,
      )
    }
  }
  const registered = textField(objectField(called?.raw ?? {}, 'metadata'), 'creationTimestamp')
  if (Date.parse(registered) > Date.parse(created)) {
    later.push(`MutatingWebhookConfiguration ${called?.name} was created at ${registered}`)
  }
  return later.map((text) => `${text}, after the pod (${created})`)
}

/** Who wrote a label, and when last, as far as the API server keeps account of it. */
function writersOf(metadata: JsonObject, label: string): { manager: string; time: string }[] {
  return listField(metadata, 'managedFields')
    .filter((entry) => {
      const labels = objectField(objectField(objectField(entry, 'fieldsV1'), 'f:metadata'), 'f:labels')
      return Object.hasOwn(labels, `f:${label}`)
    })
    .map((entry) => ({ manager: textField(entry, 'manager'), time: textField(entry, 'time') }))
}
