// When a revision leaves the snapshot: first its entry goes, then, when no API server can call it any more, its settings
// (design §6). Names and the time in; names to take out.

import { own } from '../std/json.ts'
import type { Registered } from './configuration.ts'

export interface Retirement {
  /** Since when (ms) a revision has been missing. */
  readonly missing: Readonly<Record<string, number>>
  /** Revisions to take out of the snapshot. */
  readonly remove: readonly string[]
  readonly again: number | undefined
}

/** API servers may call an entry for a while after it was deleted. */
const RETIREMENT = 60_000

/**
 * Which revisions leave the snapshot: those that are neither discovered nor called by an entry of ours for 60 s. `tags`:
 * tag → revision, the served ones.
 */
export function planRetirement(
  served: readonly string[],
  discovered: ReadonlySet<string>,
  entries: readonly Registered[],
  tags: Readonly<Record<string, string>>,
  missingBefore: Readonly<Record<string, number>>,
  now: number,
): Retirement {
  const called = new Set(entries.map(({ kind, name }) => (kind === 'tag' ? own(tags, name) : name)))
  const gone = served
    .filter((name) => !discovered.has(name) && !called.has(name))
    .map((name): [string, number] => [name, own(missingBefore, name) ?? now])
  const due = gone.filter(([, since]) => now >= since + RETIREMENT)
  const waiting = gone.filter(([, since]) => now < since + RETIREMENT)
  return {
    missing: Object.fromEntries(gone),
    remove: due.map(([name]) => name),
    again:
      waiting.length === 0 ? undefined : Math.min(...waiting.map(([, since]) => since + RETIREMENT - now)),
  }
}
