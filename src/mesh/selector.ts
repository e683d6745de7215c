// Label selectors as apimachinery evaluates them, and the webhook entries that use them. In: a metav1.LabelSelector and
// labels chosen by users; out: whether it matches, its printed form, or apimachinery's sentences about what is wrong.
// Labels are read as own properties only.

import type { LabelSelector, LabelSelectorRequirement } from '../api/mesh.ts'
import { goQuote } from '../gotemplate/quote.ts'
import { goJson } from '../std/gojson.ts'
import { isObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { labelKeyProblems, labelValueProblems } from './label-names.ts'

export type Labels = Readonly<Record<string, string>>

export interface Selector {
  /** No requirement at all: matches everything (the injector takes such an entry for matching nothing). */
  readonly empty: boolean
  /** As Selector.String() prints it: `a=1,b in (x,y),!c`. */
  readonly text: string
  readonly matches: (labels: Labels) => boolean
}

interface Requirement {
  readonly key: string
  readonly operator: 'Equals' | 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

const NOTHING: Selector = { empty: false, text: '', matches: () => false }

/** LabelSelectorAsSelector: null matches nothing. Throws ProblemError `invalid-config` with apimachinery's text. */
export function compileSelector(selector: LabelSelector | null): Selector {
  if (selector === null) return NOTHING
  const requirements: Requirement[] = []
  const labels = selector.matchLabels ?? {}
  for (const key of Object.keys(labels).sort()) {
    requirements.push(requirement({ key, operator: 'Equals', values: [own(labels, key) ?? ''] }))
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    if (operator !== 'In' && operator !== 'NotIn' && operator !== 'Exists' && operator !== 'DoesNotExist') {
      throw invalid(`${goQuote(operator)} is not a valid label selector operator`)
    }
    requirements.push(requirement({ key, operator, values: values ?? [] }))
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    empty: requirements.length === 0,
    text: requirements.map(print).join(','),
    matches: (labels) => requirements.every((each) => satisfies(each, labels)),
  }
}

export function matchesSelector(selector: LabelSelector | null, labels: Labels): boolean {
  return compileSelector(selector).matches(labels)
}

function invalid(message: string): ProblemError {
  return new ProblemError('invalid-config', message)
}

/** labels.NewRequirement: the requirement itself, or all that is wrong with it in one error. */
function requirement(wanted: Requirement): Requirement {
  const { key, operator, values } = wanted
  const problems: string[] = []
  const bad = labelKeyProblems(key)
  if (bad.length > 0) problems.push(`key: Invalid value: ${goQuote(key)}: ${bad.join('; ')}`)
  const shown = values.length === 0 ? 'null' : goJson(values)
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    problems.push(`values: Invalid value: ${shown}: for 'in', 'notin' operators, values set can't be empty`)
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    problems.push(`values: Invalid value: ${shown}: values set must be empty for exists and does not exist`)
  }
  values.forEach((value, index) => {
    const wrong = labelValueProblems(value)
    if (wrong.length > 0) {
      problems.push(`values[${index}][${key}]: Invalid value: ${goQuote(value)}: ${wrong.join('; ')}`)
    }
  })
  if (problems.length > 0) throw invalid(aggregate(problems))
  return wanted
}

/** Several errors in one text, as apimachinery's aggregates print: each once, in brackets unless there is only one. */
function aggregate(problems: readonly string[]): string {
  const unique = [...new Set(problems)]
  return unique.length === 1 ? unique.join() : `[${unique.join(', ')}]`
}

function satisfies({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = own(labels, key)
  switch (operator) {
    case 'Equals':
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}

function print({ key, operator, values }: Requirement): string {
  const sorted = [...values].sort().join(',')
  switch (operator) {
    case 'Equals':
      return `${key}=${sorted}`
    case 'In':
      return `${key} in (${sorted})`
    case 'NotIn':
      return `${key} notin (${sorted})`
    case 'Exists':
      return key
    default:
      return `!${key}`
  }
}

/** ValidateLabelSelector as an API server reports it, one text an error; `path` is the selector's field. */
export function validateSelector(selector: LabelSelector | null, path: string): string[] {
  if (selector === null) return []
  const problems: string[] = []
  const labels = selector.matchLabels ?? {}
  const say = (field: string, value: string, wrong: readonly string[]): void => {
    for (const each of wrong) problems.push(`${field}: Invalid value: ${goQuote(value)}: ${each}`)
  }
  for (const key of Object.keys(labels).sort()) {
    say(`${path}.matchLabels`, key, labelKeyProblems(key))
    const value = own(labels, key) ?? ''
    say(`${path}.matchLabels`, value, labelValueProblems(value))
  }
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    const field = `${path}.matchExpressions[${index}]`
    problems.push(...operatorProblems(expression, field))
    say(`${field}.key`, expression.key, labelKeyProblems(expression.key))
    for (const [i, value] of (expression.values ?? []).entries()) {
      say(`${field}.values[${i}]`, value, labelValueProblems(value))
    }
  }
  return problems
}

function operatorProblems({ operator, values = [] }: LabelSelectorRequirement, field: string): string[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return []
      return [`${field}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`]
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return []
      return [
        `${field}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      ]
    default:
      return [`${field}.operator: Invalid value: ${goQuote(operator)}: not a valid selector operator`]
  }
}

/** The two selectors of a webhook entry; an entry without one of them does not select by it. */
export interface WebhookEntry {
  readonly namespaceSelector?: LabelSelector | null
  readonly objectSelector?: LabelSelector | null
}

/** Whether an API server calls the entry for a pod with these labels in a namespace with those. Throws as compileSelector. */
export function matchesEntry(entry: WebhookEntry, namespaceLabels: Labels, podLabels: Labels): boolean {
  return (
    matchesSelector(entry.namespaceSelector ?? {}, namespaceLabels) &&
    matchesSelector(entry.objectSelector ?? {}, podLabels)
  )
}

function wrongType(value: unknown, field: string, type: string): ProblemError {
  const kind = Array.isArray(value)
    ? 'array'
    : isObject(value)
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value
  return invalid(`json: cannot unmarshal ${kind} into Go ${field} of type ${type}`)
}

/**
 * Decodes JSON into a selector as encoding/json does: unknown fields are dropped, names match in any case, null is
 * nothing. Throws ProblemError `invalid-config` with Go's text.
 */
export function decodeSelector(value: unknown): LabelSelector | null {
  if (value === null || value === undefined) return null
  if (!isObject(value)) throw wrongType(value, 'value', 'v1.LabelSelector')
  const selector: LabelSelector = {}
  for (const name of Object.keys(value)) {
    const field: unknown = value[name]
    if (field === null) continue
    if (name.toLowerCase() === 'matchlabels') {
      selector.matchLabels = { ...selector.matchLabels, ...decodeLabels(field) }
    } else if (name.toLowerCase() === 'matchexpressions') {
      if (!Array.isArray(field)) {
        throw wrongType(field, 'struct field LabelSelector.matchExpressions', '[]v1.LabelSelectorRequirement')
      }
      selector.matchExpressions = field.map(decodeRequirement)
    }
  }
  return selector
}

function decodeLabels(value: unknown): Record<string, string> {
  const field = 'struct field LabelSelector.matchLabels'
  if (!isObject(value)) throw wrongType(value, field, 'map[string]string')
  const entries = Object.keys(value).map((key): [string, string] => {
    const text = value[key]
    if (text === null) return [key, '']
    if (typeof text !== 'string') throw wrongType(text, field, 'string')
    return [key, text]
  })
  return Object.fromEntries(entries)
}

const REQUIREMENT = 'struct field LabelSelectorRequirement.matchExpressions'

function decodeRequirement(value: unknown): LabelSelectorRequirement {
  const decoded: LabelSelectorRequirement = { key: '', operator: '' }
  if (value === null) return decoded
  if (!isObject(value)) {
    throw wrongType(value, 'struct field LabelSelector.matchExpressions', 'v1.LabelSelectorRequirement')
  }
  for (const name of Object.keys(value)) {
    const field: unknown = value[name]
    const known = name.toLowerCase()
    if (field === null) continue
    if (known === 'key' || known === 'operator') {
      if (typeof field !== 'string') {
        throw wrongType(
          field,
          `${REQUIREMENT}.${known}`,
          known === 'key' ? 'string' : 'v1.LabelSelectorOperator',
        )
      }
      decoded[known] = field
    } else if (known === 'values') {
      if (!Array.isArray(field)) throw wrongType(field, `${REQUIREMENT}.values`, '[]string')
      decoded.values = field.map((item: unknown) => {
        if (typeof item === 'string') return item
        if (item === null) return ''
        throw wrongType(item, `${REQUIREMENT}.values`, 'string')
      })
    }
  }
  return decoded
}
