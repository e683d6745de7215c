// The line of connections: who is read when.

import { expect, it } from 'vitest'
import { Line } from '../../src/server/line.ts'

function lineOf(count: number): { line: Line; read: number[]; at: (ms: number) => void } {
  let now = 0
  const read: number[] = []
  const line = new Line(() => now)
  for (let i = 0; i < count; i++) {
    line.join({ pause: () => undefined, resume: () => read.push(i) })
    now++
  }
  return { line, read, at: (ms) => (now = ms) }
}

it('lets through as many as asked for, the first first', () => {
  const { line, read } = lineOf(5)
  line.letThrough(2)
  expect(read).toEqual([0, 1])
  line.letThrough(0)
  expect(read).toEqual([0, 1])
  expect(line.isEmpty).toBe(false)
  line.letThrough(9)
  expect(read).toEqual([0, 1, 2, 3, 4])
  expect(line.isEmpty).toBe(true)
})

it('keeps nobody for longer than 250 ms', () => {
  const { line, read, at } = lineOf(5)
  at(249)
  line.letThrough(0)
  expect(read).toEqual([])
  at(252)
  line.letThrough(0)
  expect(read).toEqual([0, 1, 2])
})
