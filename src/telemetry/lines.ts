// Log lines on their way out, several at a time: one write for each would cost a busy server more than deciding on a pod.
// In go whole lines; they come out in order, those of a problem and all before it at once, others within a moment.

import type { LogLevel } from './log.ts'

/** How long a line may wait. */
const WAIT_MS = 20
/** So many UTF-16 units do not wait. */
const MOST = 16 << 10

export class Lines {
  private readonly write: (text: string) => unknown
  private waiting = ''
  private timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => unknown) {
    this.write = write
  }

  readonly add = (line: string, level: LogLevel): void => {
    this.waiting += line
    if (level === 'warn' || level === 'error' || this.waiting.length > MOST) this.flush()
    else this.timer ??= setTimeout(() => this.flush(), WAIT_MS)
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.waiting === '') return
    const text = this.waiting
    this.waiting = ''
    this.write(text)
  }
}
