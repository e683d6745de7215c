// What may be a label's key or value, in the words of Kubernetes' validation. In: text; out: every rule it breaks.
// Lengths count UTF-8 bytes, as Go does.

import { byteLength } from '../std/bytes.ts'

const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

const CHARACTERS =
  "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const NAME_RULE = `must ${CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`
const VALUE_RULE = `a valid label must be an empty string or ${CHARACTERS} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

const MAX_NAME = 63
const MAX_SUBDOMAIN = 253

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`
}

/** What is wrong with a label's key: `name`, or `prefix/name` with a DNS subdomain. Empty when it is good. */
export function labelKeyProblems(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2) {
    return [
      `a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const problems: string[] = []
  const name = parts.at(-1) ?? ''
  if (parts.length === 2) problems.push(...prefixProblems(parts[0] ?? ''))
  if (name === '') problems.push('name part must be non-empty')
  else if (byteLength(name) > MAX_NAME) problems.push(`name part ${tooLong(MAX_NAME)}`)
  if (!NAME.test(name)) problems.push(`name part ${NAME_RULE}`)
  return problems
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  const problems: string[] = []
  if (byteLength(prefix) > MAX_SUBDOMAIN) problems.push(`prefix part ${tooLong(MAX_SUBDOMAIN)}`)
  if (!SUBDOMAIN.test(prefix)) problems.push(`prefix part ${SUBDOMAIN_RULE}`)
  return problems
}

/** What is wrong with a label's value. Empty when it is good. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = []
  if (byteLength(value) > MAX_NAME) problems.push(tooLong(MAX_NAME))
  if (value !== '' && !NAME.test(value)) problems.push(VALUE_RULE)
  return problems
}
