// The webhook entries that an Istio installation registers for a revision or a tag (contract §2.2), so that a command can
// say offline which of them the API server would call for a pod. In: a name; out: entries with their selectors.

import type { LabelSelector, LabelSelectorRequirement } from '../api/mesh.ts'
import { IGNORED_NAMESPACES, LABEL } from '../api/names.ts'

export interface Entry {
  /** Prefix of the entry's name in the webhook configuration, as `rev.namespace`. */
  readonly name: string
  /** The revision or tag whose configuration it is in. */
  readonly of: string
  readonly namespaceSelector: LabelSelector
  readonly objectSelector: LabelSelector
}

const absent = (key: string): LabelSelectorRequirement => ({ key, operator: 'DoesNotExist' })
const oneOf = (key: string, value: string): LabelSelectorRequirement => ({
  key,
  operator: 'In',
  values: [value],
})
const NOT_FALSE: LabelSelectorRequirement = { key: LABEL.inject, operator: 'NotIn', values: ['false'] }

const selector = (...matchExpressions: LabelSelectorRequirement[]): LabelSelector => ({ matchExpressions })

/**
 * Entries for the revision or tag `name`; `default` is the empty revision and carries those of label istio-injection too.
 * `auto`: values have sidecarInjectorWebhook.enableNamespacesByDefault.
 */
export function webhookEntries(name: string, auto: boolean): Entry[] {
  const { injection, revision, inject } = LABEL
  const rows: [string, LabelSelector, LabelSelector][] = [
    ['rev.namespace', selector(oneOf(revision, name), absent(injection)), selector(NOT_FALSE)],
    ['rev.object', selector(absent(revision), absent(injection)), selector(NOT_FALSE, oneOf(revision, name))],
  ]
  if (name === 'default') {
    rows.push(
      ['namespace', selector(oneOf(injection, 'enabled')), selector(NOT_FALSE)],
      [
        'object',
        selector(absent(injection), absent(revision)),
        selector(oneOf(inject, 'true'), absent(revision)),
      ],
    )
    if (auto) {
      const namespaces: LabelSelectorRequirement = {
        key: 'kubernetes.io/metadata.name',
        operator: 'NotIn',
        values: [...IGNORED_NAMESPACES],
      }
      rows.push([
        'auto',
        selector(absent(injection), absent(revision), namespaces),
        selector(absent(inject), absent(revision)),
      ])
    }
  }
  return rows.map(([prefix, namespaceSelector, objectSelector]) => ({
    name: prefix,
    of: name,
    namespaceSelector,
    objectSelector,
  }))
}
