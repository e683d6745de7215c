// The mesh of a cluster as requests see it: watches in, snapshots out. A change is served within the settling time and
// what building takes; the API server being away changes nothing.

import type { ClusterView } from '../api/mesh.ts'
import type { Clock, Random } from '../kube/clock.ts'
import { EMPTY_SNAPSHOT, type MeshSnapshot } from '../mesh/snapshot.ts'
import { own } from '../std/json.ts'
import type { ProblemError } from '../std/problem.ts'
import { clusterView, type Gathered, gather, type Watched } from './inputs.ts'
import { startLoop } from './loop.ts'
import { type SnapshotEvents, SnapshotStore } from './snapshots.ts'
import { type WatchedPart, type WatchSet, watchMesh } from './watches.ts'

export interface MeshOptions {
  readonly watches: WatchSet
  readonly istioNamespace: string
  readonly clock: Clock
  readonly random: Random
  readonly events: SnapshotEvents
  /** After every look at the watches, whether the snapshot changed or not. */
  readonly onLook: () => void
  readonly onError: (error: unknown) => void
}

/** Events that come together are one snapshot. */
const SETTLE_MS = 50
/** In a big cluster a look takes tens of milliseconds; changes are served within a second all the same. */
const LONGEST_SETTLE_MS = 500
const CLUSTER_PARTS: readonly WatchedPart[] = ['namespaces', 'nodes', 'proxyConfigs']

export class Mesh {
  private readonly options: MeshOptions
  private readonly store: SnapshotStore
  private readonly watched: Watched
  private last: Gathered | undefined
  private cluster: ClusterView = EMPTY_SNAPSHOT.cluster
  private clusterChanged = true
  /** The first snapshot is built: of everything that the watches have heard. */
  readonly whenBuilt: Promise<void>
  private readonly tellBuilt: () => void

  constructor(options: MeshOptions, signal: AbortSignal) {
    const { clock, random, watches, istioNamespace } = options
    this.options = options
    this.store = new SnapshotStore(options.events, clock.now())
    let poke = (): void => undefined
    const reflectors = watchMesh(watches, istioNamespace, (part) => {
      if (CLUSTER_PARTS.includes(part)) this.clusterChanged = true
      poke()
    })
    this.watched = itemsOf(reflectors)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.whenBuilt = promise
    this.tellBuilt = resolve
    const { onError } = options
    void Promise.all(Object.values(reflectors).map(({ whenSynced }) => whenSynced)).then(() => {
      const loop = startLoop(
        {
          run: async () => this.look(),
          onError,
          clock,
          random,
          settleMs: SETTLE_MS,
          longestSettleMs: LONGEST_SETTLE_MS,
        },
        signal,
      )
      poke = loop.poke
    })
  }

  get snapshot(): MeshSnapshot {
    return this.store.snapshot
  }

  /** What the last snapshot was made from; undefined before every watch was heard once. */
  get gathered(): Gathered | undefined {
    return this.last
  }

  get ageSeconds(): number {
    return (this.options.clock.now() - this.store.lastChange) / 1000
  }

  /** By revision, whether its newest texts are in use. */
  get good(): Record<string, boolean> {
    const { revisions } = this.store.snapshot
    return Object.fromEntries(
      Object.entries(revisions).map(([name, { problem }]) => [name, problem === undefined]),
    )
  }

  problemOf(revision: string): ProblemError | undefined {
    return own(this.store.snapshot.revisions, revision)?.problem
  }

  private look(): number | undefined {
    const { clock, istioNamespace } = this.options
    const gathered = gather(this.watched, istioNamespace, this.store.texts)
    if (this.clusterChanged || clusterId(gathered) !== this.cluster.id) {
      this.clusterChanged = false
      this.cluster = clusterView(this.watched, clusterId(gathered))
    }
    const next = this.store.update(gathered, this.cluster, clock.now())
    this.last = gathered
    this.tellBuilt()
    this.options.onLook()
    return next
  }
}

/** `items` is read anew each time: a reflector swaps its map when it lists. */
function itemsOf(reflectors: ReturnType<typeof watchMesh>): Watched {
  const { configMaps, deployments, services, namespaces, nodes, proxyConfigs, configurations, validators } =
    reflectors
  return {
    get configMaps() {
      return configMaps.items
    },
    get deployments() {
      return deployments.items
    },
    get services() {
      return services.items
    },
    get namespaces() {
      return namespaces.items
    },
    get nodes() {
      return nodes.items
    },
    get proxyConfigs() {
      return proxyConfigs.items
    },
    get configurations() {
      return configurations.items
    },
    get validators() {
      return validators.items
    },
  }
}

/** All control planes of a cluster have one id for it. */
export function clusterId({ revisions }: Gathered): string {
  for (const inputs of revisions.values()) {
    const id = 'env' in inputs ? own(inputs.env, 'CLUSTER_ID') : undefined
    if (id !== undefined && id !== '') return id
  }
  return EMPTY_SNAPSHOT.cluster.id
}
