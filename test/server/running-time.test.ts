// Running time: goes on with the clock, but not through a standstill.

import { expect, it } from 'vitest'
import { runningTime } from '../../src/server/running-time.ts'

it('goes on with the clock, and counts a standstill as one long step', () => {
  let now = 5000
  const time = runningTime(() => now)
  const at = (clock: number): number => {
    now = clock
    return time()
  }
  expect([5000, 5001.5, 5050, 5150].map(at)).toEqual([0, 1.5, 50, 150])
  expect([8000, 8001, 8101].map(at)).toEqual([250, 251, 351])
})
