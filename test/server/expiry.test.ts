import { describe, expect, it } from 'vitest'
import { Expiry } from '../../src/server/expiry.ts'

describe('a served pair', () => {
  const HOUR = 3_600_000
  function clocks() {
    const time = { wall: 1000 * HOUR, steady: 50 }
    const expiry = new Expiry(
      () => time.wall,
      () => time.steady,
    )
    const pass = (ms: number): void => {
      time.wall += ms
      time.steady += ms
    }
    return { time, expiry, pass }
  }
  const pairUntil = (notAfter: number) => ({ cert: '', key: '', notAfter, fingerprint: '' })

  it('expires when its time has passed', () => {
    const { expiry, pass } = clocks()
    const pair = pairUntil(1002 * HOUR)
    expect(expiry.hasExpired(pair)).toBe(false)
    pass(2 * HOUR - 1)
    expect(expiry.hasExpired(pair)).toBe(false)
    pass(1)
    expect(expiry.hasExpired(pair)).toBe(true)
  })

  it('does not expire because somebody set the date', () => {
    const { time, expiry, pass } = clocks()
    const pair = pairUntil(1002 * HOUR)
    expect(expiry.hasExpired(pair)).toBe(false)
    time.wall += 5000 * HOUR
    expect(expiry.hasExpired(pair)).toBe(false)
    pass(2 * HOUR)
    expect(expiry.hasExpired(pair)).toBe(true)
    time.wall -= 6000 * HOUR
    expect(expiry.hasExpired(pair)).toBe(false)
  })

  it('is judged by the date when it is first seen', () => {
    const { expiry } = clocks()
    expect(expiry.hasExpired(pairUntil(999 * HOUR))).toBe(true)
  })
})
