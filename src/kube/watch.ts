// The events of a watch out of its bytes: one JSON document a line, in pieces as the network delivers them. Each piece
// that arrived yields its whole events together, an empty batch too: the reader learns that the server is alive.

import { isObject, type JsonObject } from '../std/json.ts'
import { ApiError } from './error.ts'

export interface WatchEvent {
  readonly type: string
  readonly object: JsonObject
}

/** An object has at most some MiB; more without a line end is no watch. */
const LINE_BYTES = 64 << 20
const NEWLINE = 0x0a

/** Throws ApiError (transient) for what is not a watch event. An unfinished last line is dropped: it was not sent whole. */
export async function* watchEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent[]> {
  let begun: Uint8Array[] = []
  let held = 0
  for await (const chunk of bytes) {
    const events: WatchEvent[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, end)])
      begun = []
      held = 0
      start = end + 1
      if (line.length > 0) events.push(decode(line.toString('utf8')))
    }
    if (start < chunk.length) {
      begun.push(chunk.subarray(start))
      held += chunk.length - start
      if (held > LINE_BYTES) throw broken('a line without end')
    }
    yield events
  }
}

function decode(line: string): WatchEvent {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    throw broken('a line that is not JSON')
  }
  const { type, object } = isObject(event) ? event : {}
  if (typeof type !== 'string' || !isObject(object)) throw broken('a line that is no watch event')
  return { type, object }
}

function broken(what: string): ApiError {
  return new ApiError(`the watch sent ${what}`, { status: 200, kind: 'transient' })
}
