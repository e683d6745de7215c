// Standard base64 of text as UTF-8, and back. Pure: no Buffer, so that the core can write patches.

import { isAscii } from './bytes.ts'

const encoder = new TextEncoder()
/** Arguments of one String.fromCharCode call: well below every engine's limit. */
const CHUNK = 8192

/** Base64 of the UTF-8 bytes of `text`; lone surrogates become U+FFFD. */
export function toBase64(text: string): string {
  if (isAscii(text)) return btoa(text)
  const bytes = encoder.encode(text)
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}

const decoder = new TextDecoder()

/** The text whose UTF-8 bytes are `encoded`. Throws when it is not base64. */
export function fromBase64(encoded: string): string {
  return decoder.decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)))
}
