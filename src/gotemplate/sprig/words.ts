// snake_case, kebab-case and CamelCase as xstrings forms them: what is a word, and what joins words.

import { runes } from './cast.ts'
import { IS_LETTER, IS_SPACE, IS_UPPER, lowerRune, upperRune } from './letters.ts'

const IS_NUMBER = /^\p{N}$/u
const IS_PUNCTUATION = /^\p{P}$/u

function isConnector(char: string): boolean {
  return char === '-' || char === '_' || IS_SPACE.test(char)
}

/** xstrings.ToPascalCase: connectors join words, runs of capitals become one word; leading connectors stay. */
export function camelCase(value: string): string {
  const chars = runes(value)
  let at = 0
  while (at < chars.length && isConnector(chars[at] ?? '')) at++
  const lead = chars.slice(0, at).join('')
  const rest = chars.slice(at)
  if (rest.length === 0) return lead === '' ? '' : lead + (chars[chars.length - 1] ?? '')
  let afterUpper = IS_UPPER.test(rest[0] ?? '')
  let current = upperRune(rest[0] ?? '')
  if (rest.length === 1) return lead + current
  let result = lead
  for (const char of rest.slice(1)) {
    const previous = current
    current = char
    if (isConnector(current) && isConnector(previous)) {
      result += previous
      continue
    }
    if (isConnector(previous)) {
      afterUpper = IS_UPPER.test(current)
      current = upperRune(current)
      continue
    }
    if (afterUpper) {
      if (IS_UPPER.test(current)) current = lowerRune(current)
      else afterUpper = false
    }
    result += previous
  }
  return result + current
}

type Word = 'number' | 'upper' | 'letters' | 'connector' | 'punctuation' | 'other'

interface Token {
  readonly kind: Word
  readonly text: string
}

/** A letter that xstrings takes as part of a word: CJK letters are not. */
function isAlphabet(char: string): boolean {
  if (!IS_LETTER.test(char)) return false
  const code = char.codePointAt(0) ?? 0
  return !(
    (code >= 0x4e00 && code <= 0x9fcc) ||
    (code >= 0x3400 && code <= 0x4d85) ||
    (code >= 0x20000 && code <= 0x2b81d)
  )
}

/**
 * Splits into runs of one kind; `HTTPServer` is `HTTP` and `Server`, `Server` begins with its capital. Bytes of no rune
 * go with the character after them, at the end with the one before.
 */
function words(value: string): Token[] {
  const chars: string[] = []
  const units: string[] = []
  let held = ''
  for (const char of value) {
    held += char
    if (char === '\ufffd' || !char.isWellFormed()) continue
    chars.push(char)
    units.push(held)
    held = ''
  }
  if (chars.length === 0) return held === '' ? [] : [{ kind: 'other', text: held }]
  units[units.length - 1] += held
  const tokens: Token[] = []
  let at = 0
  while (at < chars.length) {
    const [kind, end] = nextWord(chars, at)
    tokens.push({ kind, text: units.slice(at, end).join('') })
    at = end
  }
  return tokens
}

function nextWord(chars: readonly string[], start: number): [Word, number] {
  const at = (i: number): string => chars[i] ?? ''
  const until = (from: number, belongs: (char: string) => boolean): number => {
    let end = from
    while (end < chars.length && belongs(at(end))) end++
    return end
  }
  const isLowerLetter = (char: string): boolean => isAlphabet(char) && !IS_UPPER.test(char)
  const first = at(start)
  if (isConnector(first)) return ['connector', until(start, isConnector)]
  if (IS_PUNCTUATION.test(first)) return ['punctuation', until(start, (char) => IS_PUNCTUATION.test(char))]
  if (IS_UPPER.test(first)) {
    if (IS_UPPER.test(at(start + 1))) {
      const end = until(start, (char) => IS_UPPER.test(char))
      return ['upper', end < chars.length && isAlphabet(at(end)) ? end - 1 : end]
    }
    return ['upper', until(start + 1, isLowerLetter)]
  }
  if (isAlphabet(first)) return ['letters', until(start + 1, isLowerLetter)]
  if (IS_NUMBER.test(first)) return ['number', until(start, (char) => IS_NUMBER.test(char))]
  const isOther = (char: string): boolean =>
    !isConnector(char) && !isAlphabet(char) && !IS_NUMBER.test(char) && !IS_PUNCTUATION.test(char)
  return ['other', until(start + 1, isOther)]
}

/** snake_case and kebab-case. Numbers belong to the word before them unless lower case follows (`http_2xx`). */
export function joinedWords(value: string, connector: string): string {
  const tokens = words(value)
  let result = ''
  let at = 0
  const write = (token: Token | undefined): void => {
    if (token === undefined) return
    if (token.kind === 'connector') result += [...token.text].map(() => connector).join('')
    else if (token.kind !== 'upper') result += token.text
    else for (const char of runes(token.text)) result += IS_UPPER.test(char) ? lowerRune(char) : char
  }
  const kindAt = (i: number): Word | undefined => tokens[i]?.kind
  const joins = (kind: Word | undefined): boolean =>
    kind !== undefined && kind !== 'connector' && kind !== 'punctuation'
  const writeRun = (): void => {
    while (kindAt(at) === 'letters' || kindAt(at) === 'number') write(tokens[at++])
    if (joins(kindAt(at))) result += connector
  }
  // Each turn writes the token at `at` and decides what stands between it and the next.
  while (at < tokens.length - 1) {
    const previous = kindAt(at)
    write(tokens[at++])
    if (previous === 'connector' || previous === 'punctuation') continue
    if (previous === 'number') writeRun()
    else if (kindAt(at) !== 'number') {
      if (joins(kindAt(at))) result += connector
    } else if (at < tokens.length - 1) {
      if (kindAt(at + 1) === 'letters') {
        result += connector
        write(tokens[at++])
        writeRun()
      } else {
        write(tokens[at++])
        if (joins(kindAt(at))) result += connector
      }
    }
  }
  write(tokens[at])
  return result
}
