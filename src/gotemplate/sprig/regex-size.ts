// How large a regular expression becomes when it is compiled, from its text alone: counted repeats are written out, and
// classes by Unicode property are long tables. It is asked before the work is done, so that the work can be charged.
// A faulty expression has some size, too.

/** Quoted text, properties, escapes, classes, counts, groups, and everything else one by one. */
const TOKEN =
  /\\Q.*?(?:\\E|$)|\\[pP](?:\{[^}]*\}|.)|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\{(\d+)(,(\d*))?\}|\(|\)|./gsu

const PROPERTY = /\\[pP]/g
/** A property weighs as much as so many characters. */
const PROPERTY_SIZE = 40
const FOLDING = /\(\?[a-zA-Z]*i/
/** No repeat may count higher, nor all around one place together. */
const MOST_REPEATS = 1000

/** In characters that are matched one after the other. */
export function expressionSize(source: string): number {
  // Of each open group what it holds so far; `last` is what a repeat would repeat.
  const open: number[] = []
  let size = 0
  let last = 0
  for (const [token, from, , to] of source.matchAll(TOKEN)) {
    if (token === '(') {
      open.push(size)
      size = 0
      last = 0
    } else if (token === ')') {
      last = size + 2
      size = last + (open.pop() ?? 0)
    } else if (from !== undefined) {
      const repeats = Math.min(Math.max(Number(from), Number(to ?? 0)) + 1, MOST_REPEATS)
      size += last * repeats
      last *= repeats + 1
    } else {
      last = token.startsWith('\\Q') ? 1 : 1 + (token.match(PROPERTY)?.length ?? 0) * PROPERTY_SIZE
      size += token.startsWith('\\Q') ? token.length : last + (token.startsWith('[') ? token.length : 0)
    }
  }
  const whole = open.reduce((sum, part) => sum + part, size)
  // Where case does not matter, classes hold the other case as well.
  return FOLDING.test(source) ? whole * 2 : whole
}
