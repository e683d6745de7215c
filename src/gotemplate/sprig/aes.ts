// Decryption with AES-256 in CBC mode, for sprig's decryptAES (FIPS 197). Only this direction: encrypting needs a random
// block to start with. Not constant-time, as nothing secret is decided here.

const SIZE = 16
const ROUNDS = 14

/** Multiplication by x in GF(2^8). */
const double = (value: number): number => ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff

function multiply(a: number, b: number): number {
  let product = 0
  let power = a
  for (let rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= power
    power = double(power)
  }
  return product
}

/** The substitution box, computed from inverses in GF(2^8), and its inverse. */
function boxes(): { box: Uint8Array; inverse: Uint8Array } {
  const box = new Uint8Array(256)
  const inverse = new Uint8Array(256)
  let p = 1
  let q = 1
  // p runs through the powers of 3, q through those of its inverse, so p × q stays 1.
  do {
    p ^= double(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q &= 0xff
    if (q & 0x80) q ^= 0x09
    const turned = [1, 2, 3, 4].reduce((sum, by) => sum ^ ((q << by) | (q >> (8 - by))), q)
    box[p] = (turned ^ 0x63) & 0xff
  } while (p !== 1)
  box[0] = 0x63
  for (const [i, value] of box.entries()) inverse[value] = i
  return { box, inverse }
}

const { box: BOX, inverse: INVERSE } = boxes()
const BY_9 = Uint8Array.from({ length: 256 }, (_, i) => multiply(i, 9))
const BY_11 = Uint8Array.from({ length: 256 }, (_, i) => multiply(i, 11))
const BY_13 = Uint8Array.from({ length: 256 }, (_, i) => multiply(i, 13))
const BY_14 = Uint8Array.from({ length: 256 }, (_, i) => multiply(i, 14))

/** The round keys of a 32-byte key, 16 bytes each. */
function expandKey(key: Uint8Array): Uint8Array {
  const words = new Uint8Array(SIZE * (ROUNDS + 1))
  words.set(key)
  let constant = 1
  for (let at = 32; at < words.length; at += 4) {
    let word = [...words.subarray(at - 4, at)]
    if (at % 32 === 0) {
      word = [...word.slice(1), ...word.slice(0, 1)].map((byte) => BOX[byte] ?? 0)
      word[0] = (word[0] ?? 0) ^ constant
      constant = double(constant)
    } else if (at % 32 === 16) word = word.map((byte) => BOX[byte] ?? 0)
    for (let i = 0; i < 4; i++) words[at + i] = (words[at + i - 32] ?? 0) ^ (word[i] ?? 0)
  }
  return words
}

function decryptBlock(block: Uint8Array, keys: Uint8Array): Uint8Array {
  let state = xor(block, keys.subarray(SIZE * ROUNDS))
  for (let round = ROUNDS - 1; round >= 0; round--) {
    const shifted = new Uint8Array(SIZE)
    // Row r of the column-major state moves r columns to the right.
    for (let i = 0; i < SIZE; i++) shifted[(i + 4 * (i % 4)) % SIZE] = INVERSE[state[i] ?? 0] ?? 0
    state = xor(shifted, keys.subarray(SIZE * round, SIZE * (round + 1)))
    if (round > 0) state = mixColumns(state)
  }
  return state
}

function mixColumns(state: Uint8Array): Uint8Array {
  const mixed = new Uint8Array(SIZE)
  for (let i = 0; i < SIZE; i++) {
    const column = i - (i % 4)
    const at = (row: number): number => state[column + ((i + row) % 4)] ?? 0
    mixed[i] = (BY_14[at(0)] ?? 0) ^ (BY_11[at(1)] ?? 0) ^ (BY_13[at(2)] ?? 0) ^ (BY_9[at(3)] ?? 0)
  }
  return mixed
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0))
}

/** The plain bytes of whole blocks, padding included. `key` has 32 bytes, `start` is the block before the first. */
export function decryptCbc(key: Uint8Array, start: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const keys = expandKey(key)
  const plain = new Uint8Array(encrypted.length)
  let previous = start
  for (let at = 0; at < encrypted.length; at += SIZE) {
    const block = encrypted.subarray(at, at + SIZE)
    plain.set(xor(decryptBlock(block, keys), previous), at)
    previous = block
  }
  return plain
}
