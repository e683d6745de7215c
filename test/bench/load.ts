// The client of the benchmark, a process of its own: keeps N TLS connections busy for a while and reports latencies.
// Reads one LoadJob from its parent, answers one LoadResult, and ends. Times are in milliseconds with sub-microsecond
// resolution; autocannon and its like round to whole milliseconds, which says nothing about an answer of 0.2 ms.

import { connect, type TLSSocket } from 'node:tls'
import { benchmarkRows, bodyOf, type RowName, type Shape } from './bodies.ts'
import { type LoadResult, summary } from './latency.ts'

export interface LoadJob {
  readonly port: number
  readonly row: RowName
  readonly connections: number
  readonly seconds: number
  /** First number for unique bodies; successive jobs must not overlap. */
  readonly firstNumber: number
}

export interface OwnLoadResult extends LoadResult {
  /** First number that was not used. */
  readonly lastNumber: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

interface Counter {
  next: number
}

function requestBytes(shape: Shape, n: number): Buffer {
  const body = Buffer.from(bodyOf(shape, n))
  const head = `POST /inject HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** Length of the whole answer in `buffer`, or undefined while its head or body is not complete. */
function answerLength(buffer: Buffer): number | undefined {
  const headEnd = buffer.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const match = /content-length: (\d+)/i.exec(buffer.toString('latin1', 0, headEnd))
  if (match === null) throw new Error('the answer has no content-length')
  const total = headEnd + HEAD_END.length + Number(match[1])
  return buffer.length >= total ? total : undefined
}

function open(port: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  // The certificate is the server's own and made for this run; what is measured is the handshake's result, not trust.
  const socket = connect(
    { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false },
    () => resolve(socket),
  )
  socket.setNoDelay(true)
  socket.once('error', reject)
  return promise
}

/**
 * A client that has just begun compiles itself beside its first requests, on the processors that the server runs on. What
 * comes in these milliseconds is not counted.
 */
const BEGINNING_MS = 500

/** Times of performance.now(). */
interface Window {
  readonly from: number
  readonly end: number
}

/** Sends request after request on one connection until the end; `latencies` gets those of answers within the window. */
function drive(
  socket: TLSSocket,
  shapes: readonly Shape[],
  counter: Counter,
  { from, end }: Window,
  latencies: number[],
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let wrong = 0
  let started = 0
  let received: Buffer = Buffer.alloc(0)
  const send = (): void => {
    const n = counter.next++
    const shape = shapes[n % shapes.length]
    if (shape === undefined) throw new Error('a row without shapes')
    const bytes = requestBytes(shape, n)
    started = performance.now()
    socket.write(bytes)
  }
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    if (answerLength(received) === undefined) return
    const now = performance.now()
    if (now >= from && now < end) latencies.push(now - started)
    if (!received.subarray(0, 12).equals(Buffer.from('HTTP/1.1 200')) || !received.includes('"allowed":true'))
      wrong++
    received = Buffer.alloc(0)
    if (now < end) send()
    else resolve(wrong)
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the server closed the connection')))
  send()
  return promise
}

async function run(job: LoadJob): Promise<OwnLoadResult> {
  const row = benchmarkRows().find(({ name }) => name === job.row)
  if (row === undefined) throw new Error(`no row ${job.row}`)
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(job.port)))
  const counter = { next: job.firstNumber }
  const latencies: number[] = []
  const from = performance.now() + BEGINNING_MS
  const window = { from, end: from + job.seconds * 1000 }
  const wrong = await Promise.all(
    sockets.map((socket) => drive(socket, row.shapes, counter, window, latencies)),
  )
  for (const socket of sockets) socket.removeAllListeners('close').destroy()
  const allWrong = wrong.reduce((a, b) => a + b, 0)
  const answered = counter.next - job.firstNumber
  return { ...summary(latencies, job.seconds, allWrong), answered, lastNumber: counter.next }
}

process.once('message', (job: LoadJob) => {
  run(job).then(
    (result) => process.send?.({ result }, () => process.disconnect()),
    (error: Error) => process.send?.({ error: error.message }, () => process.disconnect()),
  )
})
