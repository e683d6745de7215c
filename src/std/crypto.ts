// Digests and decryption by Node's own crypto, which is all that the core takes from Node: functions of their arguments.

import { createDecipheriv, hash } from 'node:crypto'

export type Digest = 'sha1' | 'sha256' | 'sha512'

/** Hash of bytes, or of the UTF-8 bytes of a text, as lower-case hex digits. */
export function digestHex(algorithm: Digest, data: Uint8Array | string): string {
  return hash(algorithm, data, 'hex')
}

/**
 * The plain bytes of whole blocks of 16 bytes, padding included (AES-256 in CBC mode). `key` has 32 bytes, `start` is the
 * block before the first.
 */
export function decryptCbc(key: Uint8Array, start: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const cipher = createDecipheriv('aes-256-cbc', key, start).setAutoPadding(false)
  // Whole blocks leave nothing for the end.
  return cipher.update(encrypted)
}
