// JSON Pointers (RFC 6901): `/metadata/annotations/prometheus.io~1port`. Tokens are data; any text is one.

import { type Json, own } from '../std/json.ts'
import { narrow } from '../std/narrow.ts'
import { remembering } from '../std/remember.ts'

/** Names of labels and annotations come again and again. */
const escaped = remembering((token) => narrow(token.replaceAll('~', '~0').replaceAll('/', '~1')), {
  most: 1024,
  longest: 128,
})

/** One token as it stands in a pointer. */
export function escapeToken(token: string): string {
  return token.includes('/') || token.includes('~') ? escaped(token) : token
}

/** The tokens of a pointer; undefined when the text is none: it neither is empty nor starts with `/`, or has a bad `~`. */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  const tokens = pointer.slice(1).split('/')
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value that `tokens` lead to; undefined when there is none. Inherited names and list lengths are not values. */
export function valueAt(document: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const token of tokens) {
    if (Array.isArray(value)) value = /^(0|[1-9][0-9]*)$/.test(token) ? value[Number(token)] : undefined
    else if (typeof value === 'object' && value !== null) value = own(value, token)
    else return undefined
  }
  return value
}
