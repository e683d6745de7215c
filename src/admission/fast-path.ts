// The fast path as a server uses it: one cache of skeletons and what is known of reviews, for the life of the process, told
// the time and which answers to verify. What it keeps is bound to the settings it was built with, or depends on none, so that
// new settings need no clearing.

import { FastPathCache, type FastPathOptions } from '../injection/fast/cache.ts'
import type { AdmitOptions } from './admit.ts'
import { createKnownReviews } from './known-reviews.ts'

export interface FastPathSettings extends Omit<FastPathOptions, 'verifies' | 'limits' | 'onMismatch'> {
  /** Share of hits that are compared with the plain pipeline, 0 to 1. */
  readonly verify: number
  /** Evenly from 0 to 1, excluding 1. */
  readonly random: () => number
  /** Told what gave another result than the pipeline, of which there is none: a defect. */
  readonly onMismatch: (remembered: 'review' | `template ${string}`) => void
}

export function createFastPath(
  settings: FastPathSettings,
): Required<Pick<AdmitOptions, 'fastPath' | 'knownReviews'>> {
  const { verify, random, onMismatch, ...options } = settings
  const verifies = (): boolean => verify > 0 && random() < verify
  return {
    fastPath: new FastPathCache({
      ...options,
      verifies,
      onMismatch: (name) => onMismatch(`template ${name}`),
    }),
    knownReviews: createKnownReviews({
      verifies,
      onMismatch: () => {
        options.count?.('mismatch')
        onMismatch('review')
      },
    }),
  }
}
