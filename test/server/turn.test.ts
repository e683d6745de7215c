// Turns: in order, step by step side by side, behind the reading of the moment, and neither too many nor for too long at
// once; connections in line while more waits than fits into one.

import { setImmediate as immediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Readable } from '../../src/server/line.ts'
import { type TakeTurn, turns } from '../../src/server/turn.ts'
import type { Steps } from '../../src/std/steps.ts'

const OPEN: Readable = { pause: () => undefined, resume: () => undefined }

/** Each of `parts` is a step; comes to what the last one gives. */
function* inSteps<T>(...parts: readonly (() => T)[]): Steps<T> {
  const last = parts.length - 1
  for (const part of parts.slice(0, last)) {
    part()
    yield
  }
  return (parts[last] as () => T)()
}

function take(turn: TakeTurn, count: number, done: number[], from = 0): void {
  for (let i = from; i < from + count; i++)
    void turn(
      OPEN,
      inSteps(() => done.push(i)),
    )
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const STILL = (): number => 0

it('does together what waits, in order, and nothing before the reading is done', async () => {
  const turn = turns(STILL)
  const done: number[] = []
  take(turn, 2, done)
  await Promise.resolve()
  take(turn, 1, done, 2)
  expect(done).toEqual([])
  await immediate()
  expect(done).toEqual([0, 1, 2])
  take(turn, 1, done, 3)
  await immediate()
  expect(done).toEqual([0, 1, 2, 3])
})

it('tells the result of each when all of the turn are done, and of one that fails why', async () => {
  const turn = turns(STILL)
  const events: string[] = []
  const told = (what: string): void => void events.push(what)
  const fails = (): never => {
    throw new Error('b failed')
  }
  void turn(
    OPEN,
    inSteps(() => told('does a')),
  ).then(() => told('told a'))
  const failed = turn(
    OPEN,
    inSteps<void>(
      () => told('begins b'),
      fails,
      () => told('ends b'),
    ),
  )
  void turn(
    OPEN,
    inSteps(() => told('does c')),
  ).then(() => told('told c'))
  await expect(failed).rejects.toThrow('b failed')
  await immediate()
  expect(events).toEqual(['does a', 'begins b', 'does c', 'told a', 'told c'])
  await expect(
    turn(
      OPEN,
      inSteps(() => 5),
    ),
  ).resolves.toBe(5)
})

it('takes all through a step before any through the next, however many steps each has', async () => {
  const turn = turns(STILL)
  const done: string[] = []
  const steps = (name: string, count: number) =>
    inSteps(...upTo(count).map((i) => () => done.push(`${name}${i}`)))
  void turn(OPEN, steps('a', 3))
  void turn(OPEN, steps('b', 1))
  void turn(OPEN, steps('c', 2))
  await immediate()
  expect(done).toEqual(['a0', 'b0', 'c0', 'a1', 'c1', 'a2'])
})

it('does what waits as soon as there are 32, and the rest behind the reading', async () => {
  const turn = turns(STILL)
  const done: number[] = []
  take(turn, 31, done)
  expect(done).toEqual([])
  take(turn, 10, done, 31)
  expect(done).toEqual(upTo(32))
  await immediate()
  expect(done).toEqual(upTo(41))
})

it('lets others pass after 16 ms', async () => {
  let now = 0
  const turn = turns(() => now)
  const done: number[] = []
  for (let i = 0; i < 32; i++) {
    void turn(
      OPEN,
      inSteps(() => {
        now += 4
        done.push(i)
      }),
    )
  }
  expect(done).toEqual(upTo(4))
  await immediate()
  expect(done).toEqual(upTo(8))
  for (let i = 0; i < 6; i++) await immediate()
  expect(done).toEqual(upTo(32))
})

it('after 16 ms only the first of a turn goes on, the rest from where it was, and who has begun ends before others begin', async () => {
  let now = 0
  const turn = turns(() => now)
  const done: string[] = []
  const step = (name: string) => () => {
    now += 5
    done.push(name)
  }
  for (const name of ['a', 'b', 'c', 'd', 'e']) void turn(OPEN, inSteps(step(`${name}0`), step(`${name}1`)))
  await immediate()
  expect(done.splice(0)).toEqual(['a0', 'b0', 'c0', 'd0', 'a1'])
  await immediate()
  expect(done.splice(0)).toEqual(['b1', 'c1', 'd1'])
  await immediate()
  expect(done.splice(0)).toEqual(['e0', 'e1'])
})

/** Connections that tell when they are read and when not; each asks again as soon as it is read. */
function closedLoop(count: number): { served: number[]; unread: () => number; ask: () => void } {
  const turn = turns(STILL)
  const served: number[] = []
  const unread = new Set<number>()
  const connections = upTo(count).map((i) => ({
    pause: () => unread.add(i),
    resume: () => {
      if (unread.delete(i)) asks.push(i)
    },
  }))
  let asks = upTo(count)
  const ask = (): void => {
    const now = asks
    asks = []
    for (const i of now) {
      void turn(
        connections[i] ?? OPEN,
        inSteps(() => served.push(i)),
      ).then(() => {
        if (!unread.has(i)) asks.push(i)
      })
    }
  }
  return { served, unread: () => unread.size, ask }
}

it('serves connections that all ask again at once in the same order, round after round', async () => {
  const { served, ask } = closedLoop(100)
  while (served.length < 500) {
    ask()
    await immediate()
  }
  for (let round = 0; round < 5; round++)
    expect(served.slice(round * 100, round * 100 + 100)).toEqual(upTo(100))
})

it('reads all connections as ever while fewer than 32 ask at a time', async () => {
  const { served, unread, ask } = closedLoop(31)
  while (served.length < 310) {
    ask()
    await immediate()
    expect(unread()).toBe(0)
  }
})

it('reads all of them again when nobody asks any more', async () => {
  const { unread, ask } = closedLoop(100)
  ask()
  await Promise.resolve()
  expect(unread()).toBe(96)
  for (let i = 0; i < 4; i++) await immediate()
  expect(unread()).toBe(0)
})
