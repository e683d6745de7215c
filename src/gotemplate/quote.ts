// Go's quoting of strings and characters (strconv.Quote and friends), used by %q, by sprig's quote and in error texts.

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
// The common case: nothing to escape.
const PLAIN = /^[ !#-[\]-~]*$/

const NAMED: { readonly [code: number]: string } = {
  7: '\\a',
  8: '\\b',
  12: '\\f',
  10: '\\n',
  13: '\\r',
  9: '\\t',
  11: '\\v',
}

/** strconv.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrint(rune: number): boolean {
  if (rune < 0x7f) return rune >= 0x20
  return rune <= 0x10ffff && PRINTABLE.test(String.fromCodePoint(rune))
}

function escapeRune(rune: number, quote: number, ascii: boolean): string {
  if (rune === quote || rune === 0x5c) return `\\${String.fromCharCode(rune)}`
  if (ascii ? rune < 0x80 && isPrint(rune) : isPrint(rune)) return String.fromCodePoint(rune)
  const named = NAMED[rune]
  if (named !== undefined) return named
  if (rune < 0x20 || rune === 0x7f) return `\\x${hex(rune, 2)}`
  if (rune < 0x10000) return `\\u${hex(rune, 4)}`
  return `\\U${hex(rune, 8)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** The text as a Go string literal, as `%q` prints it. Bytes outside UTF-8 are printed as such (`\xff`). */
export function goQuote(text: string): string {
  return quoteText(text, false)
}

/** As goQuote with everything but ASCII escaped (`%+q`). */
export function goQuoteAscii(text: string): string {
  return quoteText(text, true)
}

function quoteText(text: string, ascii: boolean): string {
  if (PLAIN.test(text)) return `"${text}"`
  let quoted = '"'
  for (const char of text) {
    const rune = char.codePointAt(0) ?? 0xfffd
    // A byte outside UTF-8, see std/bytes.ts.
    if (rune >= 0xdc80 && rune <= 0xdcff) quoted += `\\x${hex(rune - 0xdc00, 2)}`
    else quoted += escapeRune(rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune, 0x22, ascii)
  }
  return `${quoted}"`
}

/** A code point as a Go character literal, as `%q` prints an integer. */
export function goQuoteRune(rune: number, ascii: boolean): string {
  const valid = rune >= 0 && rune <= 0x10ffff && !(rune >= 0xd800 && rune < 0xe000)
  return `'${escapeRune(valid ? rune : 0xfffd, 0x27, ascii)}'`
}

/** strconv.CanBackquote: no control character but tab, no back-quote, no byte order mark. */
export function canBackquote(text: string): boolean {
  return text.isWellFormed() && !/[\x00-\x08\x0a-\x1f\x7f`\ufeff]/.test(text)
}
