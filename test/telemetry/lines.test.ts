// Lines go out together, in order, and never late.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Lines } from '../../src/telemetry/lines.ts'
import { createLog } from '../../src/telemetry/log.ts'

describe('Lines', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('writes lines that come within a moment at once, in order', () => {
    const written: string[] = []
    const lines = new Lines((text) => written.push(text))
    lines.add(() => 'a\n', 'info')
    lines.add(() => 'b\n', 'debug')
    expect(written).toEqual([])
    vi.advanceTimersByTime(20)
    expect(written).toEqual(['a\nb\n'])
    lines.add(() => 'c\n', 'info')
    vi.advanceTimersByTime(20)
    expect(written).toEqual(['a\nb\n', 'c\n'])
  })

  it('lets nothing wait behind a problem', () => {
    const written: string[] = []
    const log = createLog(new Lines((text) => written.push(text)).add, 'info', () => 0)
    log.info('first')
    log.warn('second')
    expect(written.join('').match(/first|second/g)).toEqual(['first', 'second'])
    log.error('third')
    expect(written).toHaveLength(2)
    vi.advanceTimersByTime(1000)
    expect(written).toHaveLength(2)
  })

  it('keeps little, and nothing once it is flushed', () => {
    const written: string[] = []
    const lines = new Lines((text) => written.push(text))
    for (let i = 0; i < 64; i++) lines.add(() => 'x', 'info')
    expect(written).toHaveLength(1)
    lines.add(() => 'end\n', 'info')
    lines.flush()
    lines.flush()
    vi.advanceTimersByTime(1000)
    expect(written.slice(1)).toEqual(['end\n'])
  })
})
