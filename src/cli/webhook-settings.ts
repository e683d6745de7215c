// The settings of a stand-alone webhook: one revision from files or built in, read again when the files change.
// A change is used as a whole and only once it is proven; a bad one leaves what was there in use and says why.

import { resolve } from 'node:path'
import { PROOF_MS, proveRevision } from '../admission/prove.ts'
import type { ClusterView, RevisionInputs } from '../api/mesh.ts'
import { NEWEST, parseRelease } from '../api/release.ts'
import { type BuiltinTexts, readBuiltin } from '../config/builtin.ts'
import { type FileWatch, watchFiles } from '../config/watch.ts'
import { templateCompiler } from '../injection/compile.ts'
import {
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  rejectRevision,
  replaceRevision,
} from '../mesh/snapshot.ts'
import { equalJson, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { readTextFile } from './documents.ts'
import { revisionName, type SettingsFlags } from './flags.ts'
import type { Io } from './io.ts'
import { whereText } from './print.ts'
import { viewFromFiles } from './view.ts'

export type WebhookFlags = Omit<
  SettingsFlags,
  'injectConfigMapName' | 'meshConfigMapName' | 'istioNamespace' | 'context' | 'kubeconfig' | 'offline'
> & { readonly tag?: readonly string[] }

/** What is told about each reading of the files. */
export interface SettingsEvents {
  readonly good: (snapshot: MeshSnapshot) => void
  /** `reason` names place and cause; the settings before go on. */
  readonly bad: (reason: string) => void
}

export class SettingsStore {
  private readonly io: Io
  private readonly flags: WebhookFlags
  private current: MeshSnapshot
  private builtAt: number
  private problem: string | undefined
  private watching: FileWatch | undefined
  /** Readings run one after the other: a slow one must not overtake. */
  private queue: Promise<void> = Promise.resolve()

  private constructor(io: Io, flags: WebhookFlags) {
    this.io = io
    this.flags = flags
    this.current = changeSnapshot(EMPTY_SNAPSHOT, {
      defaultRevision: revisionName(asSettingsFlags(flags)),
      tags: Object.fromEntries((flags.tag ?? []).map((tag) => [tag, revisionName(asSettingsFlags(flags))])),
    })
    this.builtAt = performance.now()
  }

  /** Reads the settings for the first time; throws a ProblemError when they cannot be used. */
  static async open(io: Io, flags: WebhookFlags): Promise<SettingsStore> {
    const store = new SettingsStore(io, flags)
    const next = await store.build()
    const problem = stateOf(next)?.problem
    if (problem !== undefined) throw problem
    store.current = next
    return store
  }

  get snapshot(): MeshSnapshot {
    return this.current
  }

  get ageSeconds(): number {
    return (performance.now() - this.builtAt) / 1000
  }

  /** Why the newest files are not in use; undefined while they are. */
  get whyNot(): string | undefined {
    return this.problem
  }

  /** By revision, whether the newest settings are in use. */
  get good(): Record<string, boolean> {
    return Object.fromEntries(
      Object.keys(this.current.revisions).map((name) => [name, this.problem === undefined]),
    )
  }

  watch(events: SettingsEvents): void {
    const files = this.files()
    if (files.length === 0) return
    this.watching = watchFiles({
      files,
      onChange: () => {
        this.queue = this.queue.then(() => this.reload(events))
      },
    })
  }

  close(): void {
    this.watching?.close()
  }

  private files(): string[] {
    const { injectConfigFile, valuesFile, meshConfigFile, namespaceFile = [], nodes } = this.flags
    return [injectConfigFile, valuesFile, meshConfigFile, ...namespaceFile, nodes]
      .filter((file) => file !== undefined)
      .map((file) => resolve(this.io.cwd, file))
  }

  private async reload(events: SettingsEvents): Promise<void> {
    try {
      const next = await this.build()
      const problem = stateOf(next)?.problem
      if (problem !== undefined) throw problem
      const changed = stateOf(this.current)?.problem !== undefined || !sameSettings(this.current, next)
      this.problem = undefined
      if (!changed) return
      this.current = next
      this.builtAt = performance.now()
      events.good(next)
    } catch (error) {
      this.problem = reasonOf(error)
      if (error instanceof ProblemError) {
        this.current = rejectRevision(this.current, this.current.defaultRevision, error)
      }
      events.bad(this.problem)
    }
  }

  /** The snapshot of what the files say now. Throws when a file cannot be read. */
  private async build(): Promise<MeshSnapshot> {
    const { io, flags } = this
    const inputs = await readInputs(io, flags)
    const cluster = await viewFromFiles(
      io,
      flags.namespaceFile ?? [],
      flags.nodes === undefined ? [] : [flags.nodes],
    )
    const now = (): number => performance.now()
    const snapshot = changeSnapshot(this.current, { cluster })
    return replaceRevision(snapshot, inputs, templateCompiler(inputs.env, inputs.release), (settings) =>
      proveRevision(settings, cluster, { now, at: now() + PROOF_MS }),
    )
  }
}

function stateOf(snapshot: MeshSnapshot) {
  return own(snapshot.revisions, snapshot.defaultRevision)
}

function sameSettings(a: MeshSnapshot, b: MeshSnapshot): boolean {
  const before: ClusterView = a.cluster
  return stateOf(a)?.settings?.hash === stateOf(b)?.settings?.hash && equalJson(before, b.cluster)
}

async function readInputs(io: Io, flags: WebhookFlags): Promise<RevisionInputs> {
  const { injectConfigFile, valuesFile, meshConfigFile } = flags
  let builtin: BuiltinTexts | undefined
  const text = async (file: string | undefined, key: keyof BuiltinTexts): Promise<string> => {
    if (file !== undefined) return readTextFile(io, file)
    builtin ??= readBuiltin()
    return builtin[key]
  }
  const release = flags.istioVersion === undefined ? undefined : parseRelease(flags.istioVersion)
  return {
    revision: revisionName(asSettingsFlags(flags)),
    release: release ?? NEWEST,
    env: flags.injectorEnv,
    config: await text(injectConfigFile, 'config'),
    values: await text(valuesFile, 'values'),
    mesh: [await text(meshConfigFile, 'mesh')],
  }
}

function asSettingsFlags(flags: WebhookFlags): SettingsFlags {
  return { ...flags, injectConfigMapName: '', meshConfigMapName: '', istioNamespace: '', offline: true }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ProblemError)) return error instanceof Error ? error.message : String(error)
  const place = whereText(error.where)
  return place === '' ? error.message : `${place}: ${error.message}`
}
