// What V8 does about objects that it takes for long-lived, and when it collects fully: asked in a process of its own.

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const HEAP = JSON.stringify(new URL('../../src/server/heap.ts', import.meta.url).href)

function outputOf(program: string, ...flags: readonly string[]): string {
  const args = [...flags, '--expose-gc', '--input-type=module', '-e', program]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
}

const COLLECT_FOR_REQUESTS = `import { collectForRequests } from ${HEAP}\ncollectForRequests()`

describe('what V8 takes for long-lived', () => {
  /** What becomes of lists whose place in the code V8 was told makes long-lived ones, once that code is optimised. */
  const program = `
const make = () => [1, 2, 3];
%PrepareFunctionForOptimization(make);
const kept = Array.from({ length: 100 }, make);
%PretenureAllocationSite(make());
gc({ type: 'minor' });
%PrepareFunctionForOptimization(make);
make();
%OptimizeFunctionOnNextCall(make);
make();
console.log(%InYoungGeneration(make()));
`

  it('is left to the collector of young objects', () => {
    const isYoung = (beginning: string): string => outputOf(beginning + program, '--allow-natives-syntax')
    expect(isYoung('')).toBe('false')
    expect(isYoung(COLLECT_FOR_REQUESTS)).toBe('true')
  })
})

describe('what is old', () => {
  const program = `
const kept = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i] }));
gc();
gc({ type: 'minor' });
`

  /** What a full collection waits for, as a multiple of what the last one left, new objects apart. */
  function growth(beginning: string): number {
    const last =
      outputOf(beginning + program, '--trace-gc-nvp')
        .split('\n')
        .at(-1) ?? ''
    const bytes = (name: string): number => Number(new RegExp(` ${name}=(\\d+)`).exec(last)?.[1])
    return (bytes('old_gen_allocation_limit') - bytes('new_space_capacity')) / bytes('end_object_size')
  }

  it('becomes twice as much before it is collected', () => {
    expect(growth(COLLECT_FOR_REQUESTS)).toBeCloseTo(2, 1)
  })
})
