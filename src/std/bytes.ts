// Go strings are bytes, ours are UTF-16. Text goes in and comes out as is; a byte that is not part of valid UTF-8
// (`"\xff"`, half a rune after `trunc`, decoded base64) stands in a string as the lone surrogate U+DC00 + byte.
// So every byte sequence survives a round trip; no other file may know the encoding.

const encoder = new TextEncoder()

/** The UTF-8 bytes of `text`; lone surrogates that stand for a byte become that byte, others U+FFFD. */
export function toBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text)
  const bytes = new Uint8Array(text.length * 3)
  let size = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) bytes[size++] = code - 0xdc00
    else size += encoder.encodeInto(char, bytes.subarray(size)).written
  }
  return bytes.slice(0, size)
}

/** The text of `bytes`, bytes outside valid UTF-8 (as Go's utf8.DecodeRune sees them) one by one as lone surrogates. */
export function fromBytes(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const size = runeSize(bytes, at)
    const first = bytes[at] ?? 0
    if (size === 0) text += String.fromCharCode(0xdc00 + first)
    else text += String.fromCodePoint(runeAt(bytes, at, size))
    at += Math.max(size, 1)
  }
  return text
}

/** How many UTF-8 bytes `text` has (Go's len). */
export function byteLength(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) size++
    else if (unit < 0x800) size += 2
    else if (unit >= 0xdc80 && unit <= 0xdcff) size++
    else if (unit >= 0xd800 && unit <= 0xdbff && isLow(text.charCodeAt(i + 1))) {
      size += 4
      i++
    } else size += 3
  }
  return size
}

/** Go's `s[from:to]` in bytes; both ends must lie within the text. */
export function sliceBytes(text: string, from: number, to: number): string {
  if (isAscii(text)) return text.slice(from, to)
  return fromBytes(toBytes(text).subarray(from, to))
}

const BEYOND_ASCII = /[^\u0000-\u007f]/
/** Texts of such a length are looked through sooner by the encoder, into bytes that nobody reads. */
const NATIVE_FROM = 128
const scratch = new Uint8Array(64 << 10)

/** True when `text` has only code points below U+0080, so that units are bytes. */
export function isAscii(text: string): boolean {
  const { length } = text
  if (length < NATIVE_FROM || length > scratch.length) return !BEYOND_ASCII.test(text)
  const { read, written } = encoder.encodeInto(text, scratch)
  return read === length && written === length
}

/** Joins what belongs together after bytes were put side by side, and turns bytes of no rune into U+FFFD if asked. */
export function settle(text: string, replacement?: string): string {
  if (text.isWellFormed()) return text
  const settled = fromBytes(toBytes(text))
  return replacement === undefined ? settled : settled.replace(/[\udc80-\udcff]/gu, replacement)
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** Bytes of the valid rune at `at`, 0 when there is none: overlong forms, surrogates and > U+10FFFF are not valid. */
function runeSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const size =
    first >= 0xc2 && first <= 0xdf ? 2 : first >> 4 === 0xe ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0
  if (size === 0 || at + size > bytes.length) return 0
  const second = bytes[at + 1] ?? 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let i = 2; i < size; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  return size
}

function runeAt(bytes: Uint8Array, at: number, size: number): number {
  const first = bytes[at] ?? 0
  let code = size === 1 ? first : first & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f)
  return code
}
