// What one pod made of a recorded template, to be taken over by pods that read the same: all of it, or all but what depends
// on the reads that differ. Of the recorded steps only those are done again that made such a read, that depend on one that
// did, or that provide either with a value; the steps are the recorded closures, in the recorded order.

import type { Replay, Step } from '../../gotemplate/record.ts'
import { Typed } from '../../gotemplate/value.ts'
import { POD } from '../../patch/schema.ts'
import { rememberDecoded } from '../../patch/typed.ts'
import { deepFreeze, type JsonObject } from '../../std/json.ts'
import { narrow } from '../../std/narrow.ts'
import { ReadRecord } from './reads.ts'
import { type Change, changesOf, fill, fillSkeleton } from './skeleton.ts'
import { type Entry, isWithinLimits } from './tree.ts'

export interface Memo {
  readonly entry: Entry
  readonly reads: ReadRecord
  readonly texts: readonly string[]
  /** Frozen. */
  readonly overlay: JsonObject
  /** What the pod's steps spent of the budget. */
  readonly spent: number
  /** By the reads that differ. */
  readonly programs: Map<string, Program>
  /** About as many bytes as it holds by itself. */
  readonly size: number
}

/** What is to be done where some reads differ. */
interface Program {
  readonly steps: readonly Step[]
  readonly prints: ReadonlySet<number>
  readonly changes: readonly Change[]
}

/** About what an overlay holds that it does not share with its skeleton. */
const OWN_BYTES = 16 << 10
/** Programs that are kept for one pod, and reads that may differ. */
const MAX_PROGRAMS = 16
const MAX_CHANGED = 64

/**
 * The memo of the pod in `root`, which takes the way of `entry` through the template. Root members that are `constant` are
 * the same for all pods. Undefined where the steps do not come out as they were recorded.
 */
export function makeMemo(
  entry: Entry,
  root: Typed,
  constant: ReadonlySet<string>,
  replayOf: (root: Typed) => Replay,
): Memo | undefined {
  const { steps, skeleton } = entry
  const reads = new ReadRecord()
  try {
    const replay = replayOf(new Typed(root.type, reads.watch(root.raw as object, constant)))
    for (const [i, { operation, outcome }] of steps.entries()) {
      reads.step = i
      if (operation(replay) !== outcome) return undefined
    }
    const { run } = replay
    const texts = replay.texts.map(narrow)
    const overlay = fillSkeleton(skeleton, texts)
    if (overlay === undefined || !isWithinLimits(entry, texts, run.steps, run.limits)) return undefined
    deepFreeze(overlay)
    rememberDecoded(POD, overlay)
    const size = OWN_BYTES + 150 * reads.size
    return { entry, reads, texts, overlay, spent: run.steps, programs: new Map(), size }
  } catch {
    return undefined
  }
}

/**
 * The overlay for the data `raw`; undefined where it takes another way or does not fit. Throws what a step throws: then
 * the template itself would fail, too. `replay` is one for that data.
 */
export function recall(
  memo: Memo,
  raw: object,
  replay: () => Replay,
): { overlay: JsonObject; same: boolean } | undefined {
  const changed = memo.reads.compare(raw)
  if (changed.length === 0) return { overlay: memo.overlay, same: true }
  if (changed.length > MAX_CHANGED) return undefined
  const { steps, prints, changes } = programFor(memo, changed)
  const again = replay()
  for (const text of memo.texts) again.texts.push(text)
  for (const { operation, outcome } of steps) if (operation(again) !== outcome) return undefined
  const { texts, run } = again
  const { skeleton } = memo.entry
  for (const [register, text] of skeleton.exact) {
    if (prints.has(register) && texts[register] !== text) return undefined
  }
  if (!isWithinLimits(memo.entry, texts, memo.spent + run.steps, run.limits)) return undefined
  const overlay = fill(memo.overlay, changes, texts) as JsonObject | undefined
  return overlay === undefined ? undefined : { overlay, same: false }
}

function programFor(memo: Memo, changed: readonly number[]): Program {
  const key = changed.join(' ')
  const known = memo.programs.get(key)
  if (known !== undefined) return known
  if (memo.programs.size >= MAX_PROGRAMS) memo.programs.clear()
  const program = programOf(memo, changed)
  memo.programs.set(key, program)
  return program
}

function programOf({ entry, reads }: Memo, changed: readonly number[]): Program {
  const { steps, skeleton } = entry
  const providers = providersOf(steps)
  const affected = new Set(changed.flatMap((id) => [...reads.stepsOf(id)]))
  for (let i = 0; i < steps.length; i++) {
    if (providers[i]?.some((provider) => affected.has(provider)) === true) affected.add(i)
  }
  const needed = withProviders(affected, steps, providers)
  const prints = new Set([...affected].flatMap((i) => steps[i]?.flow.prints ?? []))
  return {
    steps: steps.filter((_, i) => needed.has(i)),
    prints,
    changes: changesOf(skeleton.changes, (holes) => holes.some((register) => prints.has(register))),
  }
}

/** For each step the earlier ones that may have written what it may read. A frame's variables need its beginning. */
function providersOf(steps: readonly Step[]): number[][] {
  const registers = new Map<number, number>()
  const variables = new Map<string, number>()
  const beginnings = new Map<number, number>()
  return steps.map(({ flow }, i) => {
    const found = flow.reads.flatMap((register) => registers.get(register) ?? [])
    const names = [...flow.uses, ...flow.sets]
    // Whoever sets a variable needs who set it before: the last of them brings all.
    for (const name of names) found.push(...[variables.get(`${flow.frame} ${name}`) ?? []].flat())
    if (names.length > 0) found.push(...[beginnings.get(flow.frame) ?? []].flat())
    for (const name of flow.sets) variables.set(`${flow.frame} ${name}`, i)
    if (flow.writes !== undefined) registers.set(flow.writes, i)
    if (flow.enters !== undefined) beginnings.set(flow.enters, i)
    return found
  })
}

/** `wanted` with all that they need; where a frame begins, it ends, too. */
function withProviders(
  wanted: ReadonlySet<number>,
  steps: readonly Step[],
  providers: readonly (readonly number[])[],
): Set<number> {
  const ends = new Map<number | undefined, number>(steps.map(({ flow }, i) => [flow.leaves, i]))
  const beginnings = new Map<number | undefined, number>(steps.map(({ flow }, i) => [flow.enters, i]))
  const needed = new Set<number>()
  const pending = [...wanted]
  for (let i = pending.pop(); i !== undefined; i = pending.pop()) {
    if (needed.has(i)) continue
    needed.add(i)
    pending.push(...(providers[i] ?? []))
    const { enters, leaves } = steps[i]?.flow ?? {}
    const other =
      enters === undefined ? (leaves === undefined ? undefined : beginnings.get(leaves)) : ends.get(enters)
    if (other !== undefined) pending.push(other)
  }
  return needed
}
