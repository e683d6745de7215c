// Strategic merge and typed decoding against Kubernetes' own results: merge.jsonl merges JSON, overlay.jsonl YAML texts.
// In merge.jsonl whole numbers are int64 by spelling, so `80` and `80.0` are different keys: they are read as bigint.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { POD } from '../../../src/patch/schema.ts'
import { mergeStrategic } from '../../../src/patch/strategic.ts'
import { decode } from '../../../src/patch/typed.ts'
import { deepFreeze, equalJson, isObject, type Json, type JsonObject } from '../../../src/std/json.ts'
import { ProblemError } from '../../../src/std/problem.ts'
import { parseYaml } from '../../../src/std/yaml.ts'
import { type Family, type FileReport, runCases } from '../outcome.ts'

interface Row {
  readonly id: string
  readonly original: JsonObject
  readonly patch?: JsonObject
  readonly patchYaml?: string
  readonly expect: {
    readonly error?: string
    readonly result?: Json
    readonly typed?: Json
    readonly typedError?: string
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

function readWith(text: string, reviver: Reviver): Row {
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as Row
}

/** A row with whole numbers as bigint. */
function readSpelled(text: string): Row {
  return readWith(text, (_key, value, { source = '' }) =>
    typeof value === 'number' && /^-?[0-9]+$/.test(source) ? BigInt(source) : value,
  )
}

/** bigint back to number. */
function settle(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(settle)
  if (!isObject(value)) return value as Json
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, settle(item)]))
}

function messageOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof ProblemError) return error.message
    throw error
  }
}

function overlayOf(row: Row): JsonObject {
  if (row.patch !== undefined) return row.patch
  const parsed = parseYaml(row.patchYaml ?? '')
  if (!isObject(parsed)) throw new ProblemError('merge-failed', 'invalid JSON document')
  return parsed
}

function check(row: Row): string | undefined {
  deepFreeze(row)
  const { expect } = row
  if (expect.error !== undefined) {
    const got = messageOf(() => mergeStrategic(row.original, overlayOf(row)))
    // The YAML reader has words of its own; merging has Kubernetes'.
    const right = got === expect.error || (got !== undefined && row.patch === undefined)
    return right ? undefined : `expected error ${expect.error}\ngot ${got ?? 'none'}`
  }
  const result = settle(mergeStrategic(row.original, overlayOf(row)))
  const wanted = settle(expect.result)
  if (!equalJson(result, wanted))
    return `expected ${JSON.stringify(wanted)}\ngot      ${JSON.stringify(result)}`
  if (expect.typedError !== undefined) {
    const got = messageOf(() => decode(POD, result))
    return got === expect.typedError ? undefined : `expected error ${expect.typedError}\ngot ${got ?? 'none'}`
  }
  const typed = decode(POD, result)
  if (equalJson(typed, settle(expect.typed))) return undefined
  return `typed: expected ${JSON.stringify(settle(expect.typed))}\ngot      ${JSON.stringify(typed)}`
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

export const run: Family = (dir) => {
  const readers: [string, (text: string) => Row][] = [
    ['merge.jsonl', readSpelled],
    ['overlay.jsonl', (text) => JSON.parse(text) as Row],
  ]
  const reports: FileReport[] = []
  for (const [name, read] of readers) {
    const path = join(dir, name)
    if (existsSync(path))
      reports.push({ file: `smp/${name}`, outcomes: runCases(lines(path).map(read), check) })
  }
  return reports
}
