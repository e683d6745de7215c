// Runs selectors/match.jsonl and validate.jsonl: decoding, compiling and matching of label selectors, texts exact.

import { join } from 'node:path'
import { compileSelector, decodeSelector, validateSelector } from '../../../src/mesh/selector.ts'
import { equalJson } from '../../../src/std/json.ts'
import { ProblemError } from '../../../src/std/problem.ts'
import { type Family, readLines, runCases } from '../outcome.ts'

interface MatchCase {
  id: string
  selector: unknown
  labels: Record<string, string>
  expect: Record<string, unknown>
}

interface ValidateCase {
  id: string
  selector: unknown
  expect: { errors: string[] }
}

function messageOf(error: unknown): string {
  if (error instanceof ProblemError) return error.message
  throw error
}

function match({ selector, labels }: MatchCase): Record<string, unknown> {
  let decoded: ReturnType<typeof decodeSelector>
  try {
    decoded = decodeSelector(selector)
  } catch (error) {
    return { decodeError: messageOf(error) }
  }
  try {
    const compiled = compileSelector(decoded)
    return { empty: compiled.empty, matches: compiled.matches(labels), string: compiled.text }
  } catch (error) {
    return { error: messageOf(error) }
  }
}

function differs(got: unknown, want: unknown): string | undefined {
  return equalJson(got, want) ? undefined : `expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`
}

export const run: Family = (dir) => [
  {
    file: 'selectors/match.jsonl',
    outcomes: runCases(readLines<MatchCase>(join(dir, 'match.jsonl')), (row) =>
      differs(match(row), row.expect),
    ),
  },
  {
    file: 'selectors/validate.jsonl',
    outcomes: runCases(readLines<ValidateCase>(join(dir, 'validate.jsonl')), (row) =>
      differs(validateSelector(decodeSelector(row.selector), 'selector'), row.expect.errors),
    ),
  },
]
