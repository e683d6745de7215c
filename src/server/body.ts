// Reads request bodies as bytes, within a limit for each and a limit for all that are pending together.
// When all pending bodies together grow too big, the one that began first gives way: those of an API server
// take milliseconds, so what has been around longest is a client that sends slowly.

import type { IncomingMessage } from 'node:http'

export type Body = { readonly bytes: Buffer } | { readonly failed: 'unreadable' | 'too-large' }

interface Pending {
  readonly giveUp: () => void
  size: number
}

export class BodyReader {
  private readonly pending = new Set<Pending>()
  private total = 0
  private readonly limit: number
  private readonly totalLimit: number
  private readonly onGivenUp: () => void

  /** `onGivenUp` is called for each body that had to give way. */
  constructor(limit: number, totalLimit: number, onGivenUp: () => void) {
    this.limit = limit
    this.totalLimit = totalLimit
    this.onGivenUp = onGivenUp
  }

  /** Resolves at the end of the body, or as soon as it is too large; the rest is then read and dropped. */
  read(request: IncomingMessage): Promise<Body> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      const finish = (body: Body): void => {
        if (!this.pending.delete(entry)) return
        this.total -= entry.size
        resolve(body)
      }
      const giveUp = (): void => {
        this.onGivenUp()
        finish({ failed: 'unreadable' })
        request.destroy()
      }
      const entry: Pending = { giveUp, size: 0 }
      this.pending.add(entry)
      request.on('data', (chunk: Buffer) => {
        // A body that was too large goes on flowing, unread, until its end or the request time-out.
        if (!this.pending.has(entry)) return
        chunks.push(chunk)
        entry.size += chunk.length
        this.total += chunk.length
        if (entry.size > this.limit) finish({ failed: 'too-large' })
        else if (this.total > this.totalLimit) this.makeRoom()
      })
      request.once('end', () => finish({ bytes: joined(chunks) }))
      request.once('error', () => finish({ failed: 'unreadable' }))
      request.once('close', () => finish({ failed: 'unreadable' }))
    })
  }

  private makeRoom(): void {
    const [oldest] = this.pending
    oldest?.giveUp()
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
