// What the server bears: sizes, counts and times, in one place. Times are milliseconds.

export interface Limits {
  /** Istio's limit on a body (contract §1.1); one byte more is an error. */
  readonly bodyBytes: number
  /** Bytes of all bodies that are still being read. Past it the slowest body gives way. */
  readonly pendingBytes: number
  /** Open connections. Past it the least useful connection gives way. */
  readonly connections: number
  /** TLS handshake. */
  readonly handshakeMs: number
  /**
   * From the start of a request to the end of its headers; istiod's (contract §1.1). No API server waits longer, so that
   * after a standstill of this process nobody who still waits is turned away.
   */
  readonly headersMs: number
  /** From the start of a request to the end of its body. */
  readonly requestMs: number
  /** From the start of a request until its answer is taken: past it the client does not read. */
  readonly exchangeMs: number
  /** Between requests. Go's client drops idle connections after 90 s; the side that waits longer must be the server. */
  readonly idleMs: number
}

export const LIMITS: Limits = {
  bodyBytes: 6 * 1024 * 1024,
  pendingBytes: 256 * 1024 * 1024,
  connections: 4096,
  handshakeMs: 10_000,
  headersMs: 30_000,
  requestMs: 30_000,
  exchangeMs: 60_000,
  idleMs: 120_000,
}
