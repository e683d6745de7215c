// Base64, base32 and digests of the bytes of a text, as sprig prints them.
// Decoding errors are results, not errors: sprig returns the error's text.

import { byteLength, fromBytes, toBytes } from '../../std/bytes.ts'
import { type Digest, decryptCbc, digestHex } from '../../std/crypto.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { fixed, type Run, text } from './go.ts'

interface Alphabet {
  readonly digits: string
  /** Bits a digit. */
  readonly bits: number
  /** Digits a block: the padded length is a multiple of it. */
  readonly block: number
}

const BASE64: Alphabet = {
  digits: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  bits: 6,
  block: 4,
}
const BASE32: Alphabet = { digits: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', bits: 5, block: 8 }

const PAD = 0x3d

/** The padded encoding of `bytes`. */
function encode({ digits, bits, block }: Alphabet, bytes: Uint8Array): string {
  let result = ''
  let held = 0
  let count = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    count += 8
    while (count >= bits) {
      count -= bits
      result += digits.charAt(held >> count)
      held &= (1 << count) - 1
    }
  }
  if (count > 0) result += digits.charAt(held << (bits - count))
  return result.padEnd(Math.ceil(result.length / block) * block, '=')
}

/** The whole bytes of a run of digit values. */
function pack(values: readonly number[], bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.floor((values.length * bits) / 8))
  let size = 0
  let held = 0
  let count = 0
  for (const value of values) {
    held = (held << bits) | value
    count += bits
    if (count < 8) continue
    count -= 8
    bytes[size++] = held >> count
    held &= (1 << count) - 1
  }
  return bytes
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(BASE64, bytes)
}

const isLineEnd = (byte: number | undefined): boolean => byte === 10 || byte === 13

/** The decoded bytes, or the offset that Go's error names. Line ends count in offsets but are no data. */
function decode64(source: Uint8Array): Uint8Array | number {
  const values: number[] = []
  let at = 0
  while (at < source.length) {
    const byte = source[at++] ?? 0
    const value = BASE64.digits.indexOf(String.fromCharCode(byte))
    if (value >= 0) {
      values.push(value)
      continue
    }
    if (isLineEnd(byte)) continue
    const inBlock = values.length % 4
    if (byte !== PAD || inBlock < 2) return at - 1
    if (inBlock === 2) {
      while (isLineEnd(source[at])) at++
      if (at === source.length) return at
      if (source[at] !== PAD) return at - 1
      at++
    }
    while (isLineEnd(source[at])) at++
    return at < source.length ? at : pack(values, 6)
  }
  const inBlock = values.length % 4
  return inBlock === 0 ? pack(values, 6) : at - inBlock
}

/** As `decode64`; line ends are dropped beforehand and do not count in offsets. */
function decode32(lines: Uint8Array): Uint8Array | number {
  const source = lines.filter((byte) => !isLineEnd(byte))
  const values: number[] = []
  let at = 0
  while (at < source.length) {
    const inBlock = values.length % 8
    const byte = source[at++] ?? 0
    const left = source.length - at
    if (byte === PAD && inBlock >= 2 && left < 8) {
      if (left + inBlock < 7) return source.length
      for (let k = 0; k < 7 - inBlock && k < left; k++) if (source[at + k] !== PAD) return at + k - 1
      return inBlock === 3 || inBlock === 6 ? at - 1 : pack(values, 5)
    }
    const value = BASE32.digits.indexOf(String.fromCharCode(byte))
    if (value < 0) return at - 1
    values.push(value)
  }
  const inBlock = values.length % 8
  return inBlock === 0 ? pack(values, 5) : at - inBlock
}

function decoder(name: string, decode: (source: Uint8Array) => Uint8Array | number): Run {
  return ([value], { charge }) => {
    charge(text(value).length)
    const decoded = decode(toBytes(text(value)))
    return typeof decoded === 'number' ? `illegal ${name} data at input byte ${decoded}` : fromBytes(decoded)
  }
}

function encoder(alphabet: Alphabet): Run {
  return ([value], { charge }) => {
    charge(byteLength(text(value)) * 2)
    return encode(alphabet, toBytes(text(value)))
  }
}

/** AES-256-CBC with the password, cut or zero-filled, as key; the first block is the initial vector. */
function decryptAes(password: string, encrypted: string): string {
  if (encrypted === '') return ''
  const data = decode64(toBytes(encrypted))
  if (typeof data === 'number') throw new FuncError(`illegal base64 data at input byte ${data}`)
  if (data.length < 16)
    throw new FuncError(`runtime error: slice bounds out of range [:16] with length ${data.length}`)
  if (data.length % 16 !== 0) throw new FuncError('crypto/cipher: input not full blocks')
  const key = new Uint8Array(32)
  key.set(toBytes(password).subarray(0, 32))
  const plain = decryptCbc(key, data.subarray(0, 16), data.subarray(16))
  const end = plain.length - (plain.at(-1) ?? 1)
  if (end < 0) throw new FuncError(`runtime error: slice bounds out of range [:${end}]`)
  return fromBytes(plain.subarray(0, end))
}

function digest(algorithm: Digest): Run {
  return ([value], { charge }) => {
    charge(byteLength(text(value)))
    return digestHex(algorithm, toBytes(text(value)))
  }
}

/** The Adler-32 checksum of `bytes` (RFC 1950). */
function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}

export const ENCODING_FUNCS: Record<string, TemplateFunc> = {
  b64enc: fixed(['string'], encoder(BASE64)),
  b64dec: fixed(['string'], decoder('base64', decode64)),
  b32enc: fixed(['string'], encoder(BASE32)),
  b32dec: fixed(['string'], decoder('base32', decode32)),
  sha1sum: fixed(['string'], digest('sha1')),
  sha256sum: fixed(['string'], digest('sha256')),
  sha512sum: fixed(['string'], digest('sha512')),
  decryptAES: fixed(['string', 'string'], ([password, encrypted], { charge }) => {
    charge(byteLength(text(encrypted)))
    return decryptAes(text(password), text(encrypted))
  }),
  adler32sum: fixed(['string'], ([value], { charge }) => {
    charge(byteLength(text(value)))
    return String(adler32(toBytes(text(value))))
  }),
}
