// Go strings are bytes; ours are UTF-16. What templates can observe of the bytes (lengths, single bytes, byte order,
// cuts) is computed here. Bytes that are no UTF-8 become U+FFFD: a JavaScript string cannot hold them.

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const ASCII = /^[\x00-\x7f]*$/

export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Length in bytes of the UTF-8 form. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) length += 1
    else if (isLead(unit) && isTrail(text.charCodeAt(i + 1))) {
      length += 2
      i++
    } else length += 2
  }
  return length
}

/** Number of Unicode code points. */
export function runeCount(text: string): number {
  let count = text.length
  for (let i = 0; i + 1 < text.length; i++) {
    if (isLead(text.charCodeAt(i)) && isTrail(text.charCodeAt(i + 1))) {
      count--
      i++
    }
  }
  return count
}

/** The bytes `start` to `end` of a text, as a text. */
export function sliceBytes(text: string, start: number, end: number): string {
  if (ASCII.test(text)) return text.slice(start, end)
  return fromUtf8(utf8Bytes(text).subarray(start, end))
}

/** Order of the UTF-8 bytes, which is the order of the code points. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above U+FFFF, so they come after U+E000..U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function isLead(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
