// The fast path as a server uses it: one cache of skeletons for the life of the process, told the time and which answers
// to verify. What it keeps is bound to the settings it was built with, so that new settings need no clearing.

import { FastPathCache, type FastPathOptions } from '../injection/fast/cache.ts'

export interface FastPathSettings extends Omit<FastPathOptions, 'verifies' | 'limits'> {
  /** Share of hits that are compared with the plain pipeline, 0 to 1. */
  readonly verify: number
  /** Evenly from 0 to 1, excluding 1. */
  readonly random: () => number
}

export function createFastPath({ verify, random, ...options }: FastPathSettings): FastPathCache {
  return new FastPathCache({ ...options, verifies: () => verify > 0 && random() < verify })
}
