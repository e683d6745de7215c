// Skeletons that were built, within bounds: number, bytes, builds a second. Made by the server, which says what time it is
// and which hits are to be verified; passed to the injection. It holds no answers, only what templates render.
//
// A skeleton belongs to the namespace whose pod it was built from, and serves all. Where there is no room, the namespace
// with the most bytes loses its least recently used one, so that nobody can push out the skeletons of others.

import type { Message } from '../../api/mesh.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { Branch, type Entry, remove } from './tree.ts'

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
  readonly buildsPerSecond: number
  /** Largest skeleton worth keeping. */
  readonly entryBytes: number
}

export const FAST_PATH_LIMITS: FastPathLimits = {
  entries: 512,
  bytes: 24 << 20,
  buildsPerSecond: 20,
  entryBytes: 1 << 20,
}

/** Programs of one template of one revision. */
interface Programs {
  /** For pods whose effective ProxyConfig is that very message, which is part of the constants then. */
  readonly constant: Map<Message, Branch>
  /** For all others. */
  readonly general: Branch
}

interface Owned {
  readonly entry: Entry
  readonly namespace: string
}

/** ProxyConfigs that programs are kept for, and first sightings that are remembered at one place. */
const MAX_CONFIGS = 64
const MAX_SIGHTED = 8
/** Longer texts are not remembered as sighted. */
const MAX_MET = 16 << 10
/** Skeletons at one end of a program: they differ in texts that must be as they were. */
const MAX_AT_ONE_END = 8

export class FastPathCache {
  readonly options: FastPathOptions
  private readonly limits: FastPathLimits
  private readonly programs = new WeakMap<RevisionSettings, Map<string, Programs>>()
  private readonly seenConfigs = new WeakSet<Message>()
  /** In order of last use. */
  private readonly owned = new Map<Entry, Owned>()
  private readonly bytesOf = new Map<string, number>()
  private bytes = 0
  private tokens: number
  private filled: number

  constructor(options: FastPathOptions) {
    this.options = options
    this.limits = { ...FAST_PATH_LIMITS, ...options.limits }
    this.tokens = this.limits.buildsPerSecond
    this.filled = options.now()
  }

  /** Number and bytes of the skeletons held. */
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
  ): { root: Branch; constantConfig: boolean } {
    const { constant, general } = this.programsOf(settings, `${variant} ${template}`)
    const known = constant.get(proxyConfig)
    if (known !== undefined) return { root: known, constantConfig: true }
    // A message that comes again is one that many pods share.
    if (!this.seenConfigs.has(proxyConfig) || constant.size >= MAX_CONFIGS) {
      this.seenConfigs.add(proxyConfig)
      return { root: general, constantConfig: false }
    }
    const root = new Branch()
    constant.set(proxyConfig, root)
    return { root, constantConfig: true }
  }

  private programsOf(settings: RevisionSettings, key: string): Programs {
    let byTemplate = this.programs.get(settings)
    if (byTemplate === undefined) {
      byTemplate = new Map()
      this.programs.set(settings, byTemplate)
    }
    let programs = byTemplate.get(key)
    if (programs === undefined) {
      programs = { constant: new Map(), general: new Branch() }
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
    if (!this.takeToken()) return false
    sighted.delete(met)
    return true
  }

  private takeToken(): boolean {
    const now = this.options.now()
    const { buildsPerSecond } = this.limits
    this.tokens = Math.min(buildsPerSecond, this.tokens + ((now - this.filled) / 1000) * buildsPerSecond)
    this.filled = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }

  /** Whether a skeleton of `size` bytes is worth keeping. */
  fits(size: number): boolean {
    return size <= this.limits.entryBytes
  }

  add(entry: Entry, namespace: string): void {
    this.owned.set(entry, { entry, namespace })
    this.account(namespace, entry.skeleton.size)
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

  private victim(): Entry | undefined {
    let most = ''
    let bytes = -1
    for (const [namespace, held] of this.bytesOf) {
      if (held > bytes) [most, bytes] = [namespace, held]
    }
    for (const { entry, namespace } of this.owned.values()) if (namespace === most) return entry
    return undefined
  }

  /** Notes that `entry` was used. */
  touch(entry: Entry): void {
    const owned = this.owned.get(entry)
    if (owned === undefined) return
    this.owned.delete(entry)
    this.owned.set(entry, owned)
  }

  drop(entry: Entry): void {
    const owned = this.owned.get(entry)
    if (owned === undefined) return
    this.owned.delete(entry)
    this.account(owned.namespace, -entry.skeleton.size)
    remove(entry)
  }

  count(result: FastResult): void {
    this.options.count?.(result)
  }
}
