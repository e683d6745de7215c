// SHA-1, SHA-512 (FIPS 180-4) and Adler-32 (RFC 1950) in plain arithmetic: bytes in, digest out.
// The core may not import node:crypto. Never used on secrets: nothing here is constant-time.

/** The padded message: 0x80, zeros, the length in bits at the end of the last block. */
function pad(bytes: Uint8Array, block: number): DataView {
  const trailer = block / 8 + 1
  const padded = new Uint8Array(Math.ceil((bytes.length + trailer) / block) * block)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000))
  view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0)
  return view
}

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** The 20 bytes of the SHA-1 of `bytes`. */
export function sha1(bytes: Uint8Array): Uint8Array {
  const view = pad(bytes, 64)
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0])
  const w = new Uint32Array(80)
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + i * 4)
    for (let i = 16; i < 80; i++) {
      w[i] = rotateLeft((w[i - 3] ?? 0) ^ (w[i - 8] ?? 0) ^ (w[i - 14] ?? 0) ^ (w[i - 16] ?? 0), 1)
    }
    mixSha1(state, w)
  }
  return bigEndian(state)
}

function mixSha1(state: Uint32Array, w: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state
  for (let i = 0; i < 80; i++) {
    const [f, k] =
      i < 20
        ? [(b & c) | (~b & d), 0x5a827999]
        : i < 40
          ? [b ^ c ^ d, 0x6ed9eba1]
          : i < 60
            ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6]
    const next = (rotateLeft(a, 5) + f + e + k + (w[i] ?? 0)) | 0
    e = d
    d = c
    c = rotateLeft(b, 30)
    b = a
    a = next
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i] = (state[i] ?? 0) + word
}

function bigEndian(words: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word)
  return new Uint8Array(view.buffer)
}

/** The first `count` primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let n = 2n; found.length < count; n++) if (found.every((prime) => n % prime !== 0n)) found.push(n)
  return found
}

/** The first 64 bits behind the point of the `degree`th root of `n`, by bisection: SHA-512's constants are such. */
function rootBits(n: bigint, degree: 2n | 3n): bigint {
  const scaled = n << (64n * degree)
  let low = 0n
  let high = 1n << 72n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** degree <= scaled) low = middle
    else high = middle
  }
  return BigInt.asUintN(64, low)
}

/** 64-bit words as pairs of 32-bit words, high word first. */
function halves(words: readonly bigint[]): Uint32Array {
  return Uint32Array.from(words.flatMap((word) => [Number(word >> 32n), Number(word & 0xffffffffn)]))
}

const ROUND_512 = halves(primes(80).map((prime) => rootBits(prime, 3n)))
const START_512 = halves(primes(8).map((prime) => rootBits(prime, 2n)))

/** The high word of (high, low) rotated right; with the arguments swapped it gives the low word. */
const turn = (high: number, low: number, by: number): number =>
  by < 32 ? (high >>> by) | (low << (32 - by)) : (low >>> (by - 32)) | (high << (64 - by))

/** The 64 bytes of the SHA-512 of `bytes`. */
export function sha512(bytes: Uint8Array): Uint8Array {
  const view = pad(bytes, 128)
  const state = START_512.slice()
  const w = new Uint32Array(160)
  for (let at = 0; at < view.byteLength; at += 128) {
    for (let i = 0; i < 32; i++) w[i] = view.getUint32(at + i * 4)
    for (let i = 32; i < 160; i += 2) schedule(w, i)
    mixSha512(state, w)
  }
  return bigEndian(state)
}

/** Computes the word pair at `i` of the message schedule. */
function schedule(w: Uint32Array, i: number): void {
  const [xh, xl] = [w[i - 30] ?? 0, w[i - 29] ?? 0]
  const [yh, yl] = [w[i - 4] ?? 0, w[i - 3] ?? 0]
  const s0h = turn(xh, xl, 1) ^ turn(xh, xl, 8) ^ (xh >>> 7)
  const s0l = turn(xl, xh, 1) ^ turn(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25))
  const s1h = turn(yh, yl, 19) ^ turn(yh, yl, 61) ^ (yh >>> 6)
  const s1l = turn(yl, yh, 19) ^ turn(yl, yh, 61) ^ ((yl >>> 6) | (yh << 26))
  const low = (s0l >>> 0) + (s1l >>> 0) + (w[i - 13] ?? 0) + (w[i - 31] ?? 0)
  w[i + 1] = low
  w[i] = s0h + s1h + (w[i - 14] ?? 0) + (w[i - 32] ?? 0) + Math.floor(low / 0x100000000)
}

/** Mixes one block into the state; `v` holds a..h as pairs, a at 0. */
function mixSha512(state: Uint32Array, w: Uint32Array): void {
  const v = state.slice()
  for (let i = 0; i < 160; i += 2) {
    const [ah = 0, al = 0, bh = 0, bl = 0, ch = 0, cl = 0, dh = 0, dl = 0] = v
    const [eh, el, fh, fl] = [v[8] ?? 0, v[9] ?? 0, v[10] ?? 0, v[11] ?? 0]
    const [gh, gl, hh, hl] = [v[12] ?? 0, v[13] ?? 0, v[14] ?? 0, v[15] ?? 0]
    const s1h = turn(eh, el, 14) ^ turn(eh, el, 18) ^ turn(eh, el, 41)
    const s1l = turn(el, eh, 14) ^ turn(el, eh, 18) ^ turn(el, eh, 41)
    const chosenH = (eh & fh) ^ (~eh & gh)
    const chosenL = (el & fl) ^ (~el & gl)
    const t1Low = hl + (s1l >>> 0) + (chosenL >>> 0) + (ROUND_512[i + 1] ?? 0) + (w[i + 1] ?? 0)
    const t1h =
      (hh + s1h + chosenH + (ROUND_512[i] ?? 0) + (w[i] ?? 0) + Math.floor(t1Low / 0x100000000)) >>> 0
    const t1l = t1Low >>> 0
    const s0h = turn(ah, al, 28) ^ turn(ah, al, 34) ^ turn(ah, al, 39)
    const s0l = turn(al, ah, 28) ^ turn(al, ah, 34) ^ turn(al, ah, 39)
    const majorH = (ah & bh) ^ (ah & ch) ^ (bh & ch)
    const majorL = (al & bl) ^ (al & cl) ^ (bl & cl)
    const eLow = dl + t1l
    const aLow = t1l + (s0l >>> 0) + (majorL >>> 0)
    v.copyWithin(2, 0, 14)
    v[8] = dh + t1h + Math.floor(eLow / 0x100000000)
    v[9] = eLow
    v[0] = t1h + s0h + majorH + Math.floor(aLow / 0x100000000)
    v[1] = aLow
  }
  for (let i = 0; i < 16; i += 2) {
    const low = (state[i + 1] ?? 0) + (v[i + 1] ?? 0)
    state[i] = (state[i] ?? 0) + (v[i] ?? 0) + Math.floor(low / 0x100000000)
    state[i + 1] = low
  }
}

/** The Adler-32 checksum of `bytes`. */
export function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}
