// Writing results and reporting problems.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { culprit, foundText, throws } from '../../src/cli/input/culprit.ts'
import { writeOutput } from '../../src/cli/output.ts'
import { problemText, reportProblem, whereText } from '../../src/cli/print.ts'
import { parseTemplate } from '../../src/gotemplate/template.ts'
import type { Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { memoryIo } from './memory-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'remora-output-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('writeOutput', () => {
  it('replaces a file whole, keeps its mode and leaves nothing beside it', async () => {
    const dir = mkdtempSync(join(folder, 'replace-'))
    writeFileSync(join(dir, 'out'), 'old')
    chmodSync(join(dir, 'out'), 0o640)
    await writeOutput(memoryIo({ cwd: dir }).io, 'out', 'new')
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe('new')
    expect(statSync(join(dir, 'out')).mode & 0o777).toBe(0o640)
    expect(readdirSync(dir)).toEqual(['out'])
  })

  it('leaves nothing behind where it fails', async () => {
    const dir = mkdtempSync(join(folder, 'fail-'))
    mkdirSync(join(dir, 'out'))
    await expect(writeOutput(memoryIo({ cwd: dir }).io, 'out', 'new')).rejects.toThrow(
      'cannot write "out": it is a directory',
    )
    expect(readdirSync(dir)).toEqual(['out'])
  })

  it('writes to standard output for - and without a name', async () => {
    const { io, said } = memoryIo({})
    await writeOutput(io, '-', 'a')
    await writeOutput(io, undefined, 'b')
    expect(said.stdout).toBe('ab')
  })
})

describe('problems', () => {
  const rows: readonly (readonly [string, unknown, string])[] = [
    [
      'a place',
      new ProblemError('io', 'bad', { file: 'f', line: 2, column: 3, object: 'Pod p', field: 'x' }),
      'error: f:2:3: Pod p: x: bad\n',
    ],
    ['a line without a file', new ProblemError('io', 'bad', { line: 2 }), 'error: line 2: bad\n'],
    ['a hint', new ProblemError('io', 'bad', {}, 'do this'), 'error: bad\nhint: do this\n'],
    ['a frame as hint', new ProblemError('io', 'bad', {}, '1 | a\n  | ^'), 'error: bad\n  1 | a\n    | ^\n'],
    [
      'a defect',
      new TypeError('oops'),
      'error: internal error: oops\nhint: this is a defect of remora; please report it\n',
    ],
    [
      'anything thrown',
      'text',
      'error: internal error: text\nhint: this is a defect of remora; please report it\n',
    ],
  ]
  it.each(rows)('are printed with %s', (_, error, want) => expect(problemText(error)).toBe(want))

  it('of a template show its source', () => {
    const error = (() => {
      try {
        return parseTemplate('t', 'a\n{{ if }}', new Map())
      } catch (caught) {
        return caught
      }
    })()
    expect(problemText(error)).toMatch(
      /^error: template: t:2: missing value for if\n {2}1 \| a\n {2}2 \| \{\{ if \}\}\n {4}\| +\^\n$/,
    )
  })

  it('end with code 1, and with 2 where the command line is wrong', () => {
    expect(reportProblem(memoryIo({}).io, new ProblemError('io', 'x'))).toBe(1)
    expect(reportProblem(memoryIo({}).io, new ProblemError('usage', 'x'))).toBe(2)
    expect(reportProblem(memoryIo({}).io, new Error('x'))).toBe(1)
  })

  it('without a place have none', () => expect(whereText({})).toBe(''))
})

describe('culprit', () => {
  /** Fails where any `n` anywhere is no number. */
  const read = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      if (key === 'n' && typeof item !== 'number')
        throw new Error('cannot unmarshal string into Go value of type int32')
      read(item)
    }
  }
  const fails = (value: Json): boolean => throws(() => read(value))

  it('is the smallest part that fails by itself', () => {
    const data = { a: { n: 1 }, b: [{ x: 1 }, { n: 'x', m: 2 }] }
    const path = culprit(data, fails)
    expect(path).toEqual(['b', 1, 'n'])
    expect(foundText('cannot unmarshal string into Go value of type int32', data, path)).toBe(
      'b[1].n is "x", expected a whole number',
    )
  })

  it('is nothing where only the whole fails', () => {
    expect(culprit({ a: 1, b: 2 }, (value) => Object.keys(value ?? {}).length > 1)).toEqual([])
  })

  it('is nothing where even an empty value fails', () => {
    expect(culprit({ a: 1 }, () => true)).toEqual([])
  })
})
