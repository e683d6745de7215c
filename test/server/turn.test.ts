// Turns: in order, behind the reading of the moment, and neither too many nor for too long at once.

import { setImmediate as immediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type TakeTurn, turns } from '../../src/server/turn.ts'

function take(turn: TakeTurn, count: number, done: number[], from = 0): void {
  for (let i = from; i < from + count; i++) void turn(() => done.push(i))
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
  void turn(() => told('does a')).then(() => told('told a'))
  const failed = turn(() => {
    throw new Error('b failed')
  })
  void turn(() => told('does c')).then(() => told('told c'))
  await expect(failed).rejects.toThrow('b failed')
  await immediate()
  expect(events).toEqual(['does a', 'does c', 'told a', 'told c'])
  await expect(turn(() => 5)).resolves.toBe(5)
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

it('lets others pass after 10 ms', async () => {
  let now = 0
  const turn = turns(() => now)
  const done: number[] = []
  for (let i = 0; i < 32; i++) {
    void turn(() => {
      now += 4
      done.push(i)
    })
  }
  expect(done).toEqual(upTo(3))
  await immediate()
  expect(done).toEqual(upTo(6))
  for (let i = 0; i < 9; i++) await immediate()
  expect(done).toEqual(upTo(32))
})
