// The memos of one recorded program, found by the workload of a pod, else by its shape. The names they are found under prove
// nothing: a memo itself says whether it holds for a pod. Kept and dropped by the cache; here is only where they are found.

import type { TemplateDataInput } from '../template/data.ts'
import type { Memo } from './memo.ts'

/** Names a pod's memo may be found under. */
export interface Names {
  readonly workload: string
  readonly shape: string
}

/** Longer names are not kept. */
const LONGEST_NAME = 4096
/** Workloads of which one pod came, and no memo was made yet. */
const MAX_SIGHTED = 256

/** Undefined for a pod that no memo is kept for. */
export function namesOf({ pod, deploymentMeta }: TemplateDataInput): Names | undefined {
  const { metadata, spec } = pod
  const annotations = Object.keys(metadata.annotations ?? {})
  // Joined they would be longer than a name that is kept.
  if (annotations.length > LONGEST_NAME / 2) return undefined
  const keys = `${annotations.join()}, ,${Object.keys(metadata.labels ?? {}).join()}`
  const shape = `${spec.containers?.length} ${spec.initContainers?.length} ${keys}`
  const workload = `${deploymentMeta.namespace}/${deploymentMeta.name} ${shape}`
  return workload.length > LONGEST_NAME ? undefined : { workload, shape }
}

export class Memos {
  private readonly byName = new Map<string, Memo>()
  private readonly sighted = new Set<string>()

  find({ workload, shape }: Names): Memo | undefined {
    return this.byName.get(workload) ?? this.byName.get(shape)
  }

  /** Whether to make a memo of a pod for which none held in full: at the second sighting of its workload or shape. */
  wants({ workload, shape }: Names): boolean {
    const { sighted } = this
    if (sighted.delete(workload) || (!this.byName.has(shape) && sighted.delete(shape))) return true
    sighted.add(workload)
    if (!this.byName.has(shape)) sighted.add(shape)
    for (const oldest of sighted) {
      if (sighted.size <= MAX_SIGHTED) break
      sighted.delete(oldest)
    }
    return false
  }

  /** Returns the memo that was found under the workload's name before, where no name leads to it any more. */
  put({ workload, shape }: Names, memo: Memo): Memo | undefined {
    const before = this.byName.get(workload)
    this.byName.set(workload, memo)
    if (!this.byName.has(shape)) this.byName.set(shape, memo)
    return before === undefined || this.byName.get(shape) === before ? undefined : before
  }

  /** Lets another pod of that shape have its memo found. */
  forgetShape({ shape }: Names): void {
    this.byName.delete(shape)
  }

  remove(memo: Memo): void {
    for (const [name, found] of this.byName) if (found === memo) this.byName.delete(name)
  }
}
