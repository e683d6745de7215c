// What a run of the benchmark is asked to do: flags in, checked options out, or what is wrong with them.

import { parseArgs } from 'node:util'
import { ROW_NAMES, type RowName } from './bodies.ts'

/** What can be measured: servers under load, one answer alone, growth, a flood of odd pods, start, memory. */
const PARTS = ['load', 'costs', 'growth', 'flood', 'start', 'memory'] as const
export type Part = (typeof PARTS)[number]

export interface BenchOptions {
  readonly rows: readonly RowName[]
  readonly connections: readonly number[]
  readonly seconds: number
  readonly rounds: number
  /** Time each server is loaded before a row is measured, seconds. */
  readonly warmUp: number
  readonly parts: readonly Part[]
  readonly client: 'auto' | 'own' | 'h2load'
  readonly output: 'table' | 'json' | 'markdown'
  /** The program that is measured; undefined builds the bundle and takes that. */
  readonly program: string | undefined
}

/** What people can put right: said in one line, with a hint. */
export class BenchError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Wrong flags. */
export class UsageError extends BenchError {}

export const USAGE = `usage: npm run -s bench -- [options]

measures remora beside a bare echo server, both over HTTPS on loopback

  --rows <letters>        rows to measure, letters or names (default: a,b,c,d,e,f)
  --connections <counts>  connections at a time (default: 1,10,200)
  --seconds <n>           length of one measurement (default: 3)
  --rounds <n>            measurements of each server, in turn, three times as many from 100 connections on;
                          medians are printed (default: 3)
  --warm-up <n>           seconds that each server is loaded before a row is measured (default: 8)
  --parts <names>         of ${PARTS.join(', ')} (default: all)
  --client <name>         auto: h2load, where it is installed, for rows whose bodies may be sent again;
                          own; h2load (default: auto)
  --program <file>        measure this program, not the bundle built from the sources
  --json                  all figures, for machines
  --markdown              the tables for docs/performance.md

a quick look: npm run -s bench -- --rows a,f --connections 10 --seconds 1 --rounds 1 --parts load
`

function listOf(flag: string, text: string): string[] {
  const items = text.split(',').map((item) => item.trim())
  if (items.includes(''))
    throw new UsageError(`--${flag} "${text}" has an empty item`, 'separate items with commas')
  return items
}

function rowOf(text: string): RowName {
  const byLetter = text.length === 1 ? ROW_NAMES[text.charCodeAt(0) - 97] : undefined
  const found = byLetter ?? ROW_NAMES.find((name) => name === text)
  if (found !== undefined) return found
  throw new UsageError(`--rows has no row "${text}"`, `rows are a to f, or ${ROW_NAMES.join(', ')}`)
}

function choice<T extends string>(flag: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text)
  if (found !== undefined) return found
  throw new UsageError(`--${flag} knows no "${text}"`, `it takes ${known.join(', ')}`)
}

function positive(flag: string, text: string, whole: boolean): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value)))
    return value
  throw new UsageError(
    `--${flag} "${text}" is no ${whole ? 'whole number' : 'number'} above 0`,
    `for example --${flag} 3`,
  )
}

/** Reads flags; 'help' when that is asked for. Throws a UsageError. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const values = parsed(args)
  if (values.help === true) return 'help'
  if (values.json === true && values.markdown === true) {
    throw new UsageError('--json and --markdown exclude each other', 'choose one of them')
  }
  return {
    rows: values.rows === undefined ? ROW_NAMES : listOf('rows', values.rows).map(rowOf),
    connections: listOf('connections', values.connections ?? '1,10,200').map((text) =>
      positive('connections', text, true),
    ),
    seconds: positive('seconds', values.seconds ?? '3', false),
    rounds: positive('rounds', values.rounds ?? '3', true),
    warmUp: positive('warm-up', values['warm-up'] ?? '8', false),
    parts:
      values.parts === undefined
        ? PARTS
        : listOf('parts', values.parts).map((text) => choice('parts', text, PARTS)),
    client: choice('client', values.client ?? 'auto', ['auto', 'own', 'h2load']),
    output: values.json === true ? 'json' : values.markdown === true ? 'markdown' : 'table',
    program: values.program,
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { ...flag, short: 'h' },
        json: flag,
        markdown: flag,
        rows: text,
        connections: text,
        seconds: text,
        rounds: text,
        'warm-up': text,
        parts: text,
        client: text,
        program: text,
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), 'npm run -s bench -- --help')
  }
}
