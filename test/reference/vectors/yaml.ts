// Runs yaml/parse.jsonl, marshal.jsonl and split.jsonl: reading, writing and splitting of YAML, results and texts exact.
// config.jsonl is about the injector's configuration; what checks it stands beside the other mesh inputs.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { goJson } from '../../../src/std/gojson.ts'
import { isObject } from '../../../src/std/json.ts'
import { ProblemError } from '../../../src/std/problem.ts'
import { naturalLess } from '../../../src/std/yaml/order.ts'
import { parseYaml, yamlToJson } from '../../../src/std/yaml.ts'
import { splitDocuments } from '../../../src/std/yaml-split.ts'
import { jsonToYaml, writeYaml } from '../../../src/std/yaml-write.ts'
import { type Family, type FileReport, readLines, runCases } from '../outcome.ts'
import { configReport } from './meshconfig.ts'

interface Expected {
  json?: string
  error?: string
}

interface ParseCase {
  id: string
  yaml?: string
  yamlB64?: string
  expect: Expected
  overlay: Expected
}

interface MarshalCase {
  id: string
  json: string
  expect: { yaml: string; jsonToYaml: string }
}

interface SplitCase {
  id: string
  text: string
  expect: { documents: string[]; error?: string }
}

function attempt(read: () => string): Expected {
  try {
    return { json: read() }
  } catch (error) {
    if (error instanceof ProblemError) return { error: error.message }
    throw error
  }
}

/** Undefined when the result is the expected one: the same text, or an error where one is expected. */
function compare(name: string, got: Expected, want: Expected): string | undefined {
  if (want.json === undefined ? got.error !== undefined : got.json === want.json) return undefined
  return `${name}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`
}

/** What a Go map has after decoding: an empty document leaves it empty, anything but a mapping is an error. */
function overlay(text: string): string {
  const value = parseYaml(text)
  if (value === null) return '{}'
  if (!isObject(value)) throw new ProblemError('invalid-yaml', 'not a mapping')
  return goJson(value)
}

function textOf(row: ParseCase): string | undefined {
  if (row.yaml !== undefined) return row.yaml
  const bytes = Buffer.from(row.yamlB64 ?? '', 'base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parseCase(row: ParseCase): string | undefined {
  const text = textOf(row)
  // What is no UTF-8 never becomes text: files and requests are decoded strictly before they get here.
  if (text === undefined) return row.expect.error === undefined ? 'not UTF-8' : undefined
  return (
    compare(
      'json',
      attempt(() => yamlToJson(text)),
      row.expect,
    ) ??
    compare(
      'overlay',
      attempt(() => overlay(text)),
      row.overlay,
    )
  )
}

/** Whether Go leaves the order of some mapping's keys to chance: its comparison goes round in a circle on them. */
function isOrderRandom(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isOrderRandom)
  if (!isObject(value)) return false
  const keys = Object.keys(value)
  const circle = keys.some((a) =>
    keys.some((b) => naturalLess(a, b) && keys.some((c) => naturalLess(b, c) && naturalLess(c, a))),
  )
  return circle || keys.some((key) => isOrderRandom(value[key]))
}

function marshalCase({ json, expect }: MarshalCase): string | undefined {
  const value = JSON.parse(json) as unknown
  if (isOrderRandom(value)) {
    const lines = (text: string): string => text.split('\n').sort().join('\n')
    return lines(writeYaml(value)) === lines(expect.yaml)
      ? undefined
      : 'other lines than Go prints in any order'
  }
  const yaml = writeYaml(value)
  if (yaml !== expect.yaml)
    return `yaml: expected ${JSON.stringify(expect.yaml)}, got ${JSON.stringify(yaml)}`
  const direct = jsonToYaml(json)
  if (direct === expect.jsonToYaml) return undefined
  return `jsonToYaml: expected ${JSON.stringify(expect.jsonToYaml)}, got ${JSON.stringify(direct)}`
}

function splitCase({ text, expect }: SplitCase): string | undefined {
  let got: string
  try {
    got = JSON.stringify(splitDocuments(text))
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return error.message === expect.error
      ? undefined
      : `expected ${JSON.stringify(expect)}, got ${error.message}`
  }
  return got === JSON.stringify(expect.documents) && expect.error === undefined
    ? undefined
    : `expected ${JSON.stringify(expect)}, got ${got}`
}

function report<T extends { id: string }>(
  dir: string,
  file: string,
  check: (row: T) => string | undefined,
): FileReport[] {
  const path = join(dir, file)
  return existsSync(path) ? [{ file: `yaml/${file}`, outcomes: runCases(readLines<T>(path), check) }] : []
}

export const run: Family = (dir) => [
  ...report(dir, 'parse.jsonl', parseCase),
  ...report(dir, 'marshal.jsonl', marshalCase),
  ...report(dir, 'split.jsonl', splitCase),
  ...(existsSync(join(dir, 'config.jsonl')) ? [configReport(dir)] : []),
]
