// Where V8 makes objects that it takes for long-lived: asked in a process of its own, by the natives that V8 has for it.

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** What becomes of lists whose place in the code V8 was told makes long-lived ones, once that code is optimised. */
const PROGRAM = `
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

function isYoung(beginning: string): string {
  const flags = ['--allow-natives-syntax', '--expose-gc', '--input-type=module']
  return execFileSync(process.execPath, [...flags, '-e', beginning + PROGRAM], { encoding: 'utf8' }).trim()
}

describe('keepRequestsYoung', () => {
  const heap = JSON.stringify(new URL('../../src/server/heap.ts', import.meta.url).href)

  it('leaves to the collector of young objects what V8 takes for long-lived', () => {
    expect(isYoung('')).toBe('false')
    expect(isYoung(`import { keepRequestsYoung } from ${heap}\nkeepRequestsYoung()`)).toBe('true')
  })
})
