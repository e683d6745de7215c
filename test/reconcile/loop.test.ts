import { describe, expect, it } from 'vitest'
import { type LoopOptions, startLoop } from '../../src/reconcile/loop.ts'
import { FakeClock } from '../kube/fake-clock.ts'

/** Promises that are due have run. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done))

describe('a level-triggered loop', () => {
  function loop(run: LoopOptions['run'], more: Partial<LoopOptions> = {}) {
    const clock = new FakeClock()
    const ending = new AbortController()
    const runs: number[] = []
    const errors: unknown[] = []
    const options: LoopOptions = {
      run: (signal) => {
        runs.push(clock.now())
        return run(signal)
      },
      onError: (error) => errors.push(error),
      clock,
      random: () => 0.5,
      settleMs: 50,
      ...more,
    }
    const { poke } = startLoop(options, ending.signal)
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms)
      await settle()
    }
    return { clock, ending, runs, errors, poke, pass }
  }

  it('runs at the start, and once for changes that come together', async () => {
    const { runs, poke, pass } = loop(async () => undefined)
    await pass(0)
    for (let i = 0; i < 20; i += 1) poke()
    await pass(49)
    expect(runs).toHaveLength(1)
    await pass(1)
    expect(runs).toHaveLength(2)
    await pass(3_600_000)
    expect(runs).toHaveLength(2)
  })

  it('never runs twice at a time, and once more for what came meanwhile', async () => {
    let end = (): void => undefined
    const { runs, poke, pass } = loop(
      () =>
        new Promise((resolve) => {
          end = () => resolve(undefined)
        }),
    )
    await pass(0)
    poke()
    poke()
    await pass(10_000)
    expect(runs).toHaveLength(1)
    end()
    await settle()
    await pass(50)
    expect(runs).toHaveLength(2)
  })

  it('runs again at the time that the last run gave, or sooner when something changes', async () => {
    const { clock, runs, poke, pass } = loop(async () => clock.now() + 5000)
    await pass(0)
    await pass(4999)
    expect(runs).toHaveLength(1)
    await pass(1)
    expect(runs).toHaveLength(2)
    poke()
    await pass(50)
    expect(runs).toHaveLength(3)
  })

  it('tries again later and later when a run fails, and forgets it after one that does not', async () => {
    let broken = true
    const { clock, runs, errors, pass } = loop(async () => {
      if (broken) throw new Error('no')
      return undefined
    })
    await pass(0)
    const waits: number[] = []
    for (let i = 0; i < 6; i += 1) {
      waits.push(clock.waits[0] ?? 0)
      await pass(clock.waits[0] ?? 0)
    }
    expect(errors).toHaveLength(7)
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect([Math.min(...waits) >= 250, Math.max(...waits) <= 10_000]).toEqual([true, true])
    broken = false
    await pass(clock.waits[0] ?? 0)
    expect([runs.length, clock.waits]).toEqual([8, []])
  })

  it('rests nine times as long as a run took, where it may, but not longer than it may', async () => {
    let took = 20
    const { clock, runs, poke, pass } = loop(
      async () => {
        await Promise.resolve()
        clock.jump(took)
        return undefined
      },
      { longestSettleMs: 500 },
    )
    await pass(0)
    poke()
    expect(clock.waits).toEqual([180])
    took = 400
    await pass(180)
    poke()
    expect(clock.waits).toEqual([500])
    took = 1
    await pass(500)
    poke()
    expect(clock.waits).toEqual([50])
    expect(runs).toHaveLength(3)
  })

  it('has rested already when a change comes later: part of the rest is over, or all of it', async () => {
    const { clock, poke, pass } = loop(
      async () => {
        await Promise.resolve()
        clock.jump(20)
        return undefined
      },
      { longestSettleMs: 500 },
    )
    await pass(0)
    await pass(100)
    poke()
    expect(clock.waits).toEqual([80])
    await pass(80)
    await pass(10_000)
    poke()
    expect(clock.waits).toEqual([50])
  })

  it('ends with its signal, and tells no error of a run that it cut short', async () => {
    const { ending, runs, errors, poke, pass } = loop(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('cut')))
        }),
    )
    await pass(0)
    ending.abort()
    await settle()
    poke()
    await pass(60_000)
    expect([runs.length, errors]).toEqual([1, []])
  })
})
