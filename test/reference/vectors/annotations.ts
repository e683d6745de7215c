// Runs the annotation vectors: each value alone, and several annotations at once, message included.

import { join } from 'node:path'
import { NEWEST } from '../../../src/api/release.ts'
import { annotationError, validateAnnotations } from '../../../src/injection/validate.ts'
import { fromBase64 } from '../../../src/std/base64.ts'
import { type FileReport, readLines, runCases } from '../outcome.ts'

const FILE = 'annotations.jsonl'

interface Row {
  readonly id: string
  readonly category: string
  readonly annotation?: string
  readonly value?: string
  readonly valueB64?: string
  readonly annotations?: Record<string, string>
  readonly expect: {
    readonly ok?: boolean
    readonly error?: string
    readonly message?: string
    readonly head?: string
    readonly errors?: readonly string[]
  }
}

/** Text of the errors in one order: Istio lists several in any. */
function sorted(text: string): string {
  const [head = '', ...errors] = text.replace(/\n\n$/, '').split('\n\t* ')
  return [head, ...errors.sort()].join('\n\t* ')
}

function check(row: Row): string | undefined {
  if (row.annotations !== undefined) return several(row, row.annotations)
  const name = row.annotation ?? ''
  const value = row.value ?? fromBase64(row.valueB64 ?? '')
  const error = annotationError(name, value, NEWEST)
  if (error !== row.expect.error) return differ('error', row.expect.error, error)
  const list = validateAnnotations({ [name]: value }, NEWEST)
  const message = list === undefined ? undefined : `failed to run injection template: ${list}`
  return message === row.expect.message ? undefined : differ('message', row.expect.message, message)
}

function several(row: Row, annotations: Record<string, string>): string | undefined {
  const got = validateAnnotations(annotations, NEWEST)
  const { head, errors = [] } = row.expect
  const want = row.expect.ok === true ? undefined : `${head}\n\t* ${errors.join('\n\t* ')}\n\n`
  if (got === undefined || want === undefined) return got === want ? undefined : differ('message', want, got)
  return sorted(got) === sorted(want) ? undefined : differ('message', want, got)
}

function differ(what: string, want: unknown, got: unknown): string {
  return `${what}: want ${JSON.stringify(want)}\n got ${JSON.stringify(got)}`
}

export function run(dir: string): FileReport[] {
  return [{ file: `annotations/${FILE}`, outcomes: runCases(readLines<Row>(join(dir, FILE)), check) }]
}
