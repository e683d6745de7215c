// Residual programs of one template as a tree: what to do, then what decides, then a branch for each outcome that was
// recorded. A pod walks down by its own outcomes, so that it does nothing twice however many ways are known; the texts
// it printed on its way fill the skeleton at the end. Where no branch is known, the walk says where it ended.

import type { TemplateLimits } from '../../gotemplate/limits.ts'
import type { Operation, Outcome, Recording, Replay, Step } from '../../gotemplate/record.ts'
import type { JsonObject } from '../../std/json.ts'
import { fillSkeleton, type Skeleton } from './skeleton.ts'

/** A skeleton in the tree. */
export interface Entry {
  readonly skeleton: Skeleton
  readonly branch: Branch
  /** The whole way through the template. */
  readonly steps: readonly Step[]
  /** Bounds on what the template itself would have spent and printed. */
  readonly constantSteps: number
  readonly repeats: number
  readonly output: Pick<Recording, 'texts' | 'holes'>
}

/** A stretch of the program. Not known yet while `operations` is undefined. */
export class Branch {
  readonly parent: Branch | undefined
  readonly outcome: Outcome | undefined
  operations: readonly Operation[] | undefined
  /** What decides after the operations; undefined at the end of the program. */
  guard: Operation | undefined
  readonly branches = new Map<Outcome, Branch>()
  /** At the end: skeletons, which differ in texts that must be as they were. */
  readonly entries: Entry[] = []
  /** What was met here once and not recorded: outcomes, or texts at the end. */
  readonly sighted = new Set<string>()

  constructor(parent?: Branch, outcome?: Outcome) {
    this.parent = parent
    this.outcome = outcome
  }
}

export type Walk =
  | { readonly entry: Entry; readonly overlay: JsonObject }
  /** Where the walk ended, and what was met there. */
  | { readonly entry?: undefined; readonly branch: Branch; readonly met: string }

/** Throws what an operation throws: the template itself would fail, too. */
export function walk(root: Branch, replay: Replay): Walk {
  let branch = root
  for (;;) {
    const { operations, guard } = branch
    if (operations === undefined) return { branch, met: '' }
    for (const operation of operations) operation(replay)
    if (guard === undefined) return fillFrom(branch, replay)
    const outcome = guard(replay)
    const next = outcome === undefined ? undefined : branch.branches.get(outcome)
    if (next === undefined) return { branch, met: String(outcome) }
    branch = next
  }
}

function fillFrom(branch: Branch, replay: Replay): Walk {
  const { texts, run } = replay
  for (const entry of branch.entries) {
    const overlay = fillSkeleton(entry.skeleton, texts)
    if (overlay !== undefined && isWithinLimits(entry, texts, run.steps, run.limits))
      return { entry, overlay }
  }
  return { branch, met: texts.join('\n') }
}

/** Whether the template itself would stay within its limits, for certain, where a replay spent `steps` on `texts`. */
export function isWithinLimits(
  { constantSteps, repeats, output }: Entry,
  texts: readonly string[],
  steps: number,
  limits: TemplateLimits,
): boolean {
  if (constantSteps + repeats * steps > limits.steps) return false
  let size = 0
  for (const text of output.texts) size += text.length
  for (const register of output.holes) size += texts[register]?.length ?? 0
  return size <= limits.outputBytes
}

/** Puts a recorded run into the tree. */
export function insert(root: Branch, recording: Recording, skeleton: Skeleton): Entry {
  let branch = root
  let at = 0
  const { steps, texts, holes, constantSteps, repeats } = recording
  while (at < steps.length || branch.operations === undefined) {
    if (branch.operations === undefined) {
      const end = steps.findIndex(({ outcome }, i) => i >= at && outcome !== undefined)
      const stop = end === -1 ? steps.length : end
      branch.operations = steps.slice(at, stop).map(({ operation }) => operation)
      branch.guard = steps[stop]?.operation
    }
    at += branch.operations.length
    const outcome = steps[at]?.outcome
    if (outcome === undefined) break
    at++
    let next = branch.branches.get(outcome)
    if (next === undefined) {
      next = new Branch(branch, outcome)
      branch.branches.set(outcome, next)
    }
    branch = next
  }
  const entry = { skeleton, branch, steps, constantSteps, repeats, output: { texts, holes } }
  branch.entries.unshift(entry)
  return entry
}

/** Takes a skeleton out, and the branches that lead to none. */
export function remove(entry: Entry): void {
  const { entries } = entry.branch
  const at = entries.indexOf(entry)
  if (at >= 0) entries.splice(at, 1)
  for (
    let branch: Branch | undefined = entry.branch;
    branch !== undefined && branch.entries.length === 0 && branch.branches.size === 0;
    branch = branch.parent
  ) {
    branch.operations = undefined
    branch.guard = undefined
    if (branch.parent !== undefined && branch.outcome !== undefined) {
      branch.parent.branches.delete(branch.outcome)
    }
  }
}
