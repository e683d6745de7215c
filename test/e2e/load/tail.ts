// A file that grows, read line by line: each time only what is new, in blocks, so that its size never matters.

import { closeSync, openSync, readSync } from 'node:fs'

const BLOCK = 1 << 20

export class Tail {
  private readonly file: string
  private offset = 0
  private rest = Buffer.alloc(0)

  constructor(file: string) {
    this.file = file
  }

  /** Lines that came to their end since the last call; none while there is no file. */
  *lines(): Generator<string> {
    let descriptor: number
    try {
      descriptor = openSync(this.file, 'r')
    } catch {
      return
    }
    try {
      const block = Buffer.alloc(BLOCK)
      for (;;) {
        const count = readSync(descriptor, block, 0, BLOCK, this.offset)
        if (count === 0) return
        this.offset += count
        const text = Buffer.concat([this.rest, block.subarray(0, count)])
        const end = text.lastIndexOf('\n') + 1
        this.rest = text.subarray(end)
        if (end > 0) yield* text.toString('utf8', 0, end - 1).split('\n')
      }
    } finally {
      closeSync(descriptor)
    }
  }
}
