// The snapshot that requests are answered from, kept up to date with what was gathered. Every revision keeps its last
// good texts until new ones are proven; parts that did not change keep their identity; whatever is gone is served for a
// while longer, because API servers learn late that its entry is gone. Never throws for bad texts.

import { PROOF_MS, proveRevision } from '../admission/prove.ts'
import type { ClusterView, RevisionInputs } from '../api/mesh.ts'
import { templateCompiler } from '../injection/compile.ts'
import {
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  rejectRevision,
  removeRevision,
  replaceRevision,
} from '../mesh/snapshot.ts'
import { CONFIGURATION_NAME } from '../revision/configuration.ts'
import { planRetirement } from '../revision/retirement.ts'
import { equalJson, own, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { Gathered } from './inputs.ts'

/** How long a tag is served after it has gone. */
const FAREWELL_MS = 60_000
/** Until settings whose proof ran out of time are tried again: the machine may have been busy. */
const AGAIN_MS = 30_000
/** Time that is spent, whatever clock the loops go by. */
const spent = (): number => performance.now()

export interface SnapshotEvents {
  readonly good: (revision: string, hash: string) => void
  /** The newest texts of a revision are refused; what was good before goes on. */
  readonly bad: (revision: string, problem: ProblemError) => void
  readonly gone: (revision: string) => void
}

export class SnapshotStore {
  private current: MeshSnapshot = EMPTY_SNAPSHOT
  private changedAt: number
  /** What each revision was last built from, or the problem that stood in the way. */
  private readonly tried = new Map<string, RevisionInputs | ProblemError>()
  /** When settings that ran out of time are tried again. */
  private readonly retries = new Map<string, number>()
  private readonly lastTexts = new Map<string, RevisionInputs>()
  private missing: Readonly<Record<string, number>> = {}
  private readonly missingTags = new Map<string, number>()
  private readonly events: SnapshotEvents

  constructor(events: SnapshotEvents, now: number) {
    this.events = events
    this.changedAt = now
  }

  get snapshot(): MeshSnapshot {
    return this.current
  }

  /** Time of the last change, of the clock that `update` is called with. */
  get lastChange(): number {
    return this.changedAt
  }

  /** Texts that were gathered last, by revision. */
  get texts(): ReadonlyMap<string, RevisionInputs> {
    return this.lastTexts
  }

  /** Takes what was gathered at `now` (milliseconds); returns the time to be called again at, if nothing changes before. */
  update(gathered: Gathered, cluster: ClusterView, now: number): number | undefined {
    const before = this.current
    this.updateCluster(cluster)
    for (const [name, inputs] of gathered.revisions) this.updateRevision(name, inputs, now)
    const due = [this.updateNames(gathered, now), ...this.retries.values()].filter((at) => at !== undefined)
    if (this.current !== before) this.changedAt = now
    return due.length === 0 ? undefined : Math.min(...due)
  }

  private updateCluster(cluster: ClusterView): void {
    if (cluster !== this.current.cluster) this.current = changeSnapshot(this.current, { cluster })
  }

  private updateRevision(name: string, inputs: RevisionInputs | ProblemError, now: number): void {
    if (!(inputs instanceof ProblemError)) this.lastTexts.set(name, inputs)
    const tried = this.tried.get(name)
    const again = tried !== undefined && sameInputs(tried, inputs)
    if (again && now < (this.retries.get(name) ?? Number.POSITIVE_INFINITY)) return
    this.tried.set(name, inputs)
    this.retries.delete(name)
    this.current =
      inputs instanceof ProblemError ? rejectRevision(this.current, name, inputs) : this.built(inputs)
    const { problem, settings } = own(this.current.revisions, name) ?? {}
    if (problem?.code === 'limit') this.retries.set(name, now + AGAIN_MS)
    if (problem === undefined) this.events.good(name, settings?.hash ?? '')
    else if (!again) this.events.bad(name, problem)
  }

  private built(inputs: RevisionInputs): MeshSnapshot {
    const { cluster } = this.current
    try {
      return replaceRevision(this.current, inputs, templateCompiler(inputs.env, inputs.release), (settings) =>
        proveRevision(settings, cluster, { now: spent, at: spent() + PROOF_MS }),
      )
    } catch (error) {
      // A defect of ours that some text brings out must not end the process.
      const reason = error instanceof Error ? error.message : String(error)
      const object = `revision ${inputs.revision}`
      const problem = new ProblemError('defect', `internal error of the injector: ${reason}`, { object })
      return rejectRevision(this.current, inputs.revision, problem)
    }
  }

  /** The default, tags, and farewell to what is gone; returns when there is more to say farewell to. */
  private updateNames(gathered: Gathered, now: number): number | undefined {
    const { defaultRevision } = gathered
    const { tags, again } = this.tagsOf(gathered, now)
    if (!equalJson(tags, this.current.tags)) this.current = changeSnapshot(this.current, { tags })
    if (defaultRevision !== this.current.defaultRevision) {
      this.current = changeSnapshot(this.current, { defaultRevision })
    }
    const ours = gathered.configurations.find(({ name }) => name === CONFIGURATION_NAME)
    const entries = (ours?.entries ?? []).flatMap(({ of }) => (of === undefined ? [] : [of]))
    const retirement = planRetirement(
      Object.keys(this.current.revisions),
      new Set(gathered.revisions.keys()),
      entries,
      tags,
      this.missing,
      now,
    )
    this.missing = retirement.missing
    for (const name of retirement.remove) this.forget(name)
    const due = [again, retirement.again].filter((ms) => ms !== undefined)
    return due.length === 0 ? undefined : now + Math.min(...due)
  }

  /** The tags of now, and those that went less than a minute ago. */
  private tagsOf(
    gathered: Gathered,
    now: number,
  ): { tags: Record<string, string>; again: number | undefined } {
    const tags = { ...gathered.tags }
    let again: number | undefined
    for (const [tag, revision] of Object.entries(this.current.tags)) {
      if (own(gathered.tags, tag) !== undefined) {
        this.missingTags.delete(tag)
        continue
      }
      const since = this.missingTags.get(tag) ?? now
      const left = since + FAREWELL_MS - now
      if (left <= 0) {
        this.missingTags.delete(tag)
        continue
      }
      this.missingTags.set(tag, since)
      setOwn(tags, tag, revision)
      again = Math.min(left, again ?? left)
    }
    return { tags, again }
  }

  private forget(name: string): void {
    this.tried.delete(name)
    this.retries.delete(name)
    this.lastTexts.delete(name)
    this.current = removeRevision(this.current, name)
    this.events.gone(name)
  }
}

function sameInputs(a: RevisionInputs | ProblemError, b: RevisionInputs | ProblemError): boolean {
  if (a instanceof ProblemError || b instanceof ProblemError) {
    return a instanceof ProblemError && b instanceof ProblemError && a.message === b.message
  }
  return equalJson(a, b)
}
