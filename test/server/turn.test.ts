// Turns: in order, behind the reading of the moment, and not too many at once.

import { setImmediate as immediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { turns } from '../../src/server/turn.ts'

function waiting(turn: () => Promise<void>, count: number, done: number[], from = 0): void {
  for (let i = from; i < from + count; i++) void turn().then(() => done.push(i))
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

it('does together what waits, in order, and nothing before the reading is done', async () => {
  const turn = turns()
  const done: number[] = []
  waiting(turn, 2, done)
  await Promise.resolve()
  waiting(turn, 1, done, 2)
  expect(done).toEqual([])
  await immediate()
  expect(done).toEqual([0, 1, 2])
  waiting(turn, 1, done, 3)
  await immediate()
  expect(done).toEqual([0, 1, 2, 3])
})

it('reads again after 32, and forgets nobody who came meanwhile', async () => {
  const turn = turns()
  const done: number[] = []
  waiting(turn, 80, done)
  await immediate()
  expect(done).toEqual(upTo(32))
  waiting(turn, 5, done, 80)
  await immediate()
  expect(done).toEqual(upTo(64))
  await immediate()
  expect(done).toEqual(upTo(85))
})
