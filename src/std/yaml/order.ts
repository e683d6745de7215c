// The order in which go-yaml writes the keys of a mapping: letters by code point, everything else before letters,
// runs of digits by their value (`a9` before `a10`). In: keys; out: a new, sorted list.

import { compareGoStrings } from '../gojson.ts'

const LETTER = /^\p{L}$/u
const DIGIT = /^\p{Nd}$/u

function isLetter(char: string): boolean {
  const code = char.charCodeAt(0)
  if (code < 128) return (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
  return LETTER.test(char)
}

function isDigit(char: string | undefined): char is string {
  if (char === undefined) return false
  const code = char.charCodeAt(0)
  return code < 128 ? code >= 48 && code <= 57 : DIGIT.test(char)
}

/** The int64 that a run of digits from `start` adds up to (it wraps, as in Go), and where the run ends. */
function digits(chars: readonly string[], start: number, from: bigint): { value: bigint; end: number } {
  let value = from
  let end = start
  for (let char = chars[end]; isDigit(char); char = chars[++end]) {
    value = BigInt.asIntN(64, value * 10n + BigInt((char.codePointAt(0) ?? 0) - 48))
  }
  return { value, end }
}

/** Whether a zero at `at` belongs to a number that has begun with another digit. */
function insideNumber(chars: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0 && isDigit(chars[i]); i--) {
    if (chars[i] !== '0') return true
  }
  return false
}

/** keyList.Less of go-yaml's sorter. It is no strict order on keys such as `x1y2`, `x10` and `x01y2`. */
function less(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const left = a[i] ?? ''
    const right = b[i] ?? ''
    if (left === right) continue
    const leftLetter = isLetter(left)
    const rightLetter = isLetter(right)
    if (leftLetter && rightLetter) return compareGoStrings(left, right) < 0
    if (leftLetter || rightLetter) return rightLetter
    const from = (left === '0' || right === '0') && insideNumber(a, i) ? 1n : 0n
    const leftRun = digits(a, i, from)
    const rightRun = digits(b, i, from)
    if (leftRun.value !== rightRun.value) return leftRun.value < rightRun.value
    if (leftRun.end !== rightRun.end) return leftRun.end < rightRun.end
    return compareGoStrings(left, right) < 0
  }
  return a.length < b.length
}

const PLAIN = /^[A-Za-z]+$/

/** Up to here Go sorts by insertion, which shows where `naturalLess` is no order. */
const INSERTION = 12

/** The keys in go-yaml's order; where its comparison is none, in the order it makes of keys sorted by their bytes. */
export function naturalOrder(keys: readonly string[]): string[] {
  const sorted = [...keys].sort(compareGoStrings)
  if (sorted.length < 2 || sorted.every((key) => PLAIN.test(key))) return sorted
  const split = sorted.map((key) => [...key])
  if (split.length > INSERTION) {
    split.sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0))
  } else {
    for (let i = 1; i < split.length; i++) insert(split, i)
  }
  return split.map((chars) => chars.join(''))
}

function insert(list: string[][], from: number): void {
  const item = list[from] ?? []
  let at = from
  for (let previous = list[at - 1]; previous !== undefined && less(item, previous); previous = list[at - 1]) {
    list[at] = previous
    at--
  }
  list[at] = item
}

/** Whether go-yaml puts the key `a` before `b`. */
export function naturalLess(a: string, b: string): boolean {
  return less([...a], [...b])
}
