// Runs quantities/quantities.jsonl: ParseQuantity with its amounts, and decoding from and encoding to JSON.

import { join } from 'node:path'
import { equalJson } from '../../../src/std/json.ts'
import {
  canonicalQuantityText,
  parseQuantity,
  QuantityError,
  quantitySign,
  scaledValue,
} from '../../../src/std/quantity.ts'
import { type Family, readLines, runCases } from '../outcome.ts'

interface Row {
  id: string
  category: 'parse' | 'json'
  text?: string
  json?: string
  expect: Record<string, unknown>
}

function read(row: Row): Record<string, unknown> {
  if (row.category === 'json') return { json: JSON.stringify(canonicalQuantityText(row.json ?? '')) }
  const quantity = parseQuantity(row.text ?? '')
  return {
    canonical: quantity.text,
    format: quantity.format,
    milli: String(scaledValue(quantity, -3)),
    sign: quantitySign(quantity),
    value: String(scaledValue(quantity, 0)),
  }
}

export const run: Family = (dir) => {
  const outcomes = runCases(readLines<Row>(join(dir, 'quantities.jsonl')), (row) => {
    let got: Record<string, unknown>
    try {
      got = read(row)
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error
      got = { error: error.message }
    }
    return equalJson(got, row.expect)
      ? undefined
      : `expected ${JSON.stringify(row.expect)}, got ${JSON.stringify(got)}`
  })
  return [{ file: 'quantities/quantities.jsonl', outcomes }]
}
