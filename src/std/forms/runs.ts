// The parts of a JSON text that may be others in the next text of the same form: plain characters within strings, keys
// included, and whole numbers. What stands between them, escapes and characters beyond ASCII included, is the form.

/** UTF-16 offsets, the end excluded; a run within a string may be empty. */
export interface Run {
  readonly start: number
  readonly end: number
  readonly isNumber: boolean
}

const PLAIN = /[ !#-[\]-~]*/y
const WHOLE = /(?:0|[1-9][0-9]{0,14})/y
const NUMBER = /-?[0-9.eE+-]+/y

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LOWER_U = 0x75

/** Where a run that begins at `start` ends; -1 where none does. */
export function runEnd(text: string, start: number, isNumber: boolean): number {
  const run = isNumber ? WHOLE : PLAIN
  run.lastIndex = start
  return run.test(text) ? run.lastIndex : -1
}

/** All runs of `text`, which is valid JSON, in its order. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = []
  let at = 0
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = stringRuns(text, at + 1, runs)
    else if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) at = numberRun(text, at, runs)
    else at++
  }
  return runs
}

/** The text around `runs`: one piece more than there are runs. */
export function segmentsOf(text: string, runs: readonly Run[]): string[] {
  return [0, ...runs.map(({ end }) => end)].map((at, i) => text.slice(at, runs[i]?.start))
}

/** The runs of the string that begins at `at`, behind its quote; returns where the text goes on behind it. */
function stringRuns(text: string, at: number, runs: Run[]): number {
  let start = at
  for (;;) {
    const end = runEnd(text, start, false)
    runs.push({ start, end, isNumber: false })
    const unit = text.charCodeAt(end)
    if (unit === QUOTE) return end + 1
    if (unit === BACKSLASH) start = end + (text.charCodeAt(end + 1) === LOWER_U ? 6 : 2)
    else start = end + 1
  }
}

function numberRun(text: string, start: number, runs: Run[]): number {
  NUMBER.lastIndex = start
  NUMBER.test(text)
  const end = NUMBER.lastIndex
  if (runEnd(text, start, true) === end) runs.push({ start, end, isNumber: true })
  return end
}
