// Skeletons that were built, within bounds: number, bytes, builds a second. Made by the server, which says what time it is
// and which hits are to be verified; passed to the injection. It holds no answers, only what templates render.
//
// A skeleton belongs to the namespace whose pod it was built from, and serves all. Where there is no room, the namespace
// with the most bytes loses its least recently used one, so that nobody can push out the skeletons of others.

import type { Message } from '../../api/mesh.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import type { Memo } from './memo.ts'
import { Memos, type Names } from './memos.ts'
import { Branch, type Entry, remove } from './tree.ts'
import { Walks } from './walks.ts'

export type FastResult = 'hit' | 'build' | 'fallback' | 'mismatch'

export interface FastPathOptions {
  /** Milliseconds. */
  readonly now: () => number
  /** Told of every rendering. */
  readonly count?: (result: FastResult) => void
  /** Whether the hit at hand is to be compared with the plain pipeline. */
  readonly verifies?: () => boolean
  /** Told of a mismatch, of which there is none: a defect. */
  readonly onMismatch?: (template: string) => void
  readonly limits?: Partial<FastPathLimits>
}

export interface FastPathLimits {
  readonly entries: number
  readonly bytes: number
  /** Skeletons; as many memos may be made. */
  readonly buildsPerSecond: number
  /** Largest skeleton worth keeping. */
  readonly entryBytes: number
}

export const FAST_PATH_LIMITS: FastPathLimits = {
  entries: 512,
  bytes: 24 << 20,
  buildsPerSecond: 10,
  entryBytes: 1 << 20,
}

/** What was recorded of one template, and what pods made of it. */
export interface Program {
  readonly root: Branch
  readonly memos: Memos
  readonly walks: Walks
}

/** Programs of one template of one revision. */
interface Programs {
  /** For pods whose effective ProxyConfig is that very message, which is part of the constants then. */
  readonly constant: Map<Message, Program>
  /** For all others. */
  readonly general: Program
}

/** A skeleton or a memo that is held. */
interface Owned {
  readonly namespace: string
  readonly size: number
  readonly free: () => void
}

/** ProxyConfigs that programs are kept for, and first sightings that are remembered at one place. */
const MAX_CONFIGS = 64
const MAX_SIGHTED = 8
/** Longer texts are not remembered as sighted. */
const MAX_MET = 16 << 10
/** Skeletons at one end of a program: they differ in texts that must be as they were. */
const MAX_AT_ONE_END = 8

function newProgram(): Program {
  return { root: new Branch(), memos: new Memos(), walks: new Walks() }
}

/** So many a second, and as many at once. */
class Budget {
  private readonly perSecond: number
  private readonly now: () => number
  private tokens: number
  private filled: number

  constructor(perSecond: number, now: () => number) {
    this.perSecond = perSecond
    this.now = now
    this.tokens = perSecond
    this.filled = now()
  }

  take(): boolean {
    const now = this.now()
    const { perSecond } = this
    this.tokens = Math.min(perSecond, this.tokens + ((now - this.filled) / 1000) * perSecond)
    this.filled = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }
}

export class FastPathCache {
  readonly options: FastPathOptions
  private readonly limits: FastPathLimits
  private readonly programs = new WeakMap<RevisionSettings, Map<string, Programs>>()
  private readonly seenConfigs = new WeakSet<Message>()
  /** In order of last use. */
  private readonly owned = new Map<Entry | Memo, Owned>()
  private readonly bytesOf = new Map<string, number>()
  private bytes = 0
  private readonly builds: Budget
  private readonly remembers: Budget

  constructor(options: FastPathOptions) {
    this.options = options
    this.limits = { ...FAST_PATH_LIMITS, ...options.limits }
    this.builds = new Budget(this.limits.buildsPerSecond, options.now)
    this.remembers = new Budget(this.limits.buildsPerSecond, options.now)
  }

  /** Number and bytes of the skeletons and memos held. */
  get size(): { entries: number; bytes: number } {
    return { entries: this.owned.size, bytes: this.bytes }
  }

  /**
   * The program for a pod, and whether its ProxyConfig is one of the program's constants. `variant` tells apart what is
   * neither in the settings nor in the pod.
   */
  programFor(
    settings: RevisionSettings,
    template: string,
    variant: string,
    proxyConfig: Message,
  ): { program: Program; constantConfig: boolean } {
    const { constant, general } = this.programsOf(settings, `${variant} ${template}`)
    const known = constant.get(proxyConfig)
    if (known !== undefined) return { program: known, constantConfig: true }
    // A message that comes again is one that many pods share.
    if (!this.seenConfigs.has(proxyConfig) || constant.size >= MAX_CONFIGS) {
      this.seenConfigs.add(proxyConfig)
      return { program: general, constantConfig: false }
    }
    const program = newProgram()
    constant.set(proxyConfig, program)
    return { program, constantConfig: true }
  }

  private programsOf(settings: RevisionSettings, key: string): Programs {
    let byTemplate = this.programs.get(settings)
    if (byTemplate === undefined) {
      byTemplate = new Map()
      this.programs.set(settings, byTemplate)
    }
    let programs = byTemplate.get(key)
    if (programs === undefined) {
      programs = { constant: new Map(), general: newProgram() }
      byTemplate.set(key, programs)
    }
    return programs
  }

  /** Whether to build for what was met at the end of a walk: at its second sighting, and not too often. */
  mayBuild(branch: Branch, met: string): boolean {
    const { sighted } = branch
    if (branch.entries.length >= MAX_AT_ONE_END || met.length > MAX_MET) return false
    if (!sighted.has(met)) {
      for (const oldest of sighted) {
        if (sighted.size < MAX_SIGHTED) break
        sighted.delete(oldest)
      }
      sighted.add(met)
      return false
    }
    if (!this.builds.take()) return false
    sighted.delete(met)
    return true
  }

  /** Whether a skeleton of `size` bytes is worth keeping. */
  fits(size: number): boolean {
    return size <= this.limits.entryBytes
  }

  add(entry: Entry, namespace: string): void {
    this.own(entry, { namespace, size: entry.skeleton.size, free: () => remove(entry) })
  }

  /** Whether to make a memo of a pod: none held for it in full, its workload or shape came before, not too often. */
  mayRemember({ memos }: Program, names: Names): boolean {
    return memos.wants(names) && this.remembers.take()
  }

  addMemo({ memos }: Program, names: Names, memo: Memo, namespace: string): void {
    const before = memos.put(names, memo)
    if (before !== undefined) this.drop(before)
    this.own(memo, { namespace, size: memo.size, free: () => memos.remove(memo) })
  }

  private own(held: Entry | Memo, owned: Owned): void {
    this.owned.set(held, owned)
    this.account(owned.namespace, owned.size)
    while (this.owned.size > this.limits.entries || this.bytes > this.limits.bytes) {
      const victim = this.victim()
      if (victim === undefined) return
      this.drop(victim)
    }
  }

  private account(namespace: string, bytes: number): void {
    this.bytes += bytes
    const now = (this.bytesOf.get(namespace) ?? 0) + bytes
    if (now === 0) this.bytesOf.delete(namespace)
    else this.bytesOf.set(namespace, now)
  }

  private victim(): Entry | Memo | undefined {
    let most = ''
    let bytes = -1
    for (const [namespace, held] of this.bytesOf) {
      if (held > bytes) [most, bytes] = [namespace, held]
    }
    for (const [held, { namespace }] of this.owned) if (namespace === most) return held
    return undefined
  }

  /** Notes that it was used. */
  touch(held: Entry | Memo): void {
    const owned = this.owned.get(held)
    if (owned === undefined) return
    this.owned.delete(held)
    this.owned.set(held, owned)
  }

  drop(held: Entry | Memo): void {
    const owned = this.owned.get(held)
    if (owned === undefined) return
    this.owned.delete(held)
    this.account(owned.namespace, -owned.size)
    owned.free()
  }

  count(result: FastResult): void {
    this.options.count?.(result)
  }
}
