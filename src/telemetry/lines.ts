// Log lines on their way out, several at a time: to write each by itself would cost a busy server more than deciding on
// a pod. In go whole lines; they come out in order, those of a problem and all before it at once, others within a moment.

import type { Line, LogLevel } from './log.ts'

/** How long a line may wait. */
const WAIT_MS = 20
/** So many do not wait. */
const MOST = 64

export class Lines {
  private readonly write: (text: string) => unknown
  private waiting: Line[] = []
  private timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => unknown) {
    this.write = write
  }

  readonly add = (line: Line, level: LogLevel): void => {
    this.waiting.push(line)
    if (level === 'warn' || level === 'error' || this.waiting.length >= MOST) this.flush()
    else this.timer ??= setTimeout(() => this.flush(), WAIT_MS)
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.waiting.length === 0) return
    const lines = this.waiting
    this.waiting = []
    this.write(lines.map((line) => line()).join(''))
  }
}
