// The webhook entries that an Istio installation registers for a revision or a tag (contract injection §2.2, revisions
// §1.3). In: a name; out: rules with their selectors, as Istio's chart renders them.

import type { LabelSelector, LabelSelectorRequirement } from '../api/mesh.ts'
import { IGNORED_NAMESPACES, LABEL } from '../api/names.ts'

/** Which of Istio's rules an entry carries: the first part of its name. */
export type Rule = 'rev.namespace' | 'rev.object' | 'namespace' | 'object' | 'auto'

export const RULES: readonly Rule[] = ['rev.namespace', 'rev.object', 'namespace', 'object', 'auto']

/** Name of the empty revision, and of the tag that owns label istio-injection. */
export const DEFAULT = 'default'

export interface RuleEntry {
  readonly name: Rule
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
export function webhookEntries(name: string, auto: boolean): RuleEntry[] {
  const { injection, revision, inject } = LABEL
  const rows: [Rule, LabelSelector, LabelSelector][] = [
    ['rev.namespace', selector(oneOf(revision, name), absent(injection)), selector(NOT_FALSE)],
    ['rev.object', selector(absent(revision), absent(injection)), selector(NOT_FALSE, oneOf(revision, name))],
  ]
  if (name === DEFAULT) {
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
  return rows.map(([rule, namespaceSelector, objectSelector]) => ({
    name: rule,
    of: name,
    namespaceSelector,
    objectSelector,
  }))
}
