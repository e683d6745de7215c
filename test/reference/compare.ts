// Differences for people: of two texts, and of two JSON values printed with sorted keys.

import { createTwoFilesPatch } from 'diff'
import { isObject } from '../../src/std/json.ts'

const CONTEXT = 3
const SHOWN_LINES = 120

export function textDiff(want: string, got: string): string {
  const lines = createTwoFilesPatch('want', 'got', `${want}\n`, `${got}\n`, '', '', {
    context: CONTEXT,
  }).split('\n')
  const shown = lines.slice(1, SHOWN_LINES)
  return lines.length > SHOWN_LINES
    ? [...shown, `… ${lines.length - SHOWN_LINES} more lines`].join('\n')
    : shown.join('\n')
}

export function jsonDiff(want: unknown, got: unknown): string {
  return textDiff(print(want), print(got))
}

function print(value: unknown): string {
  return JSON.stringify(sorted(value), null, 1) ?? 'undefined'
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
