// What the elected replica does while it leads: certificates first, then the registration that carries their bundle, each
// in a loop of its own so that one that fails does not keep the other.

import type { Client } from '../kube/client.ts'
import type { Clock, Random } from '../kube/clock.ts'
import type { RegistrationSettings } from '../revision/registration.ts'
import type { SharedCertificates } from './certs.ts'
import { startLoop } from './loop.ts'
import type { Mesh } from './mesh.ts'
import { hasBundle, Registrar, type RegistrarOptions, readRollout } from './registration.ts'

export interface LeaderKeys {
  /** What callers have to trust, PEM; undefined while it is not known, or somebody else fills it in. */
  readonly caBundle: string | undefined
  /** Undefined when somebody else makes the certificates. */
  readonly managed: SharedCertificates | undefined
}

export interface LeaderOptions extends Omit<RegistrarOptions, 'client' | 'clock'> {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  /** Of remora. */
  readonly namespace: string
  readonly podName: string
  readonly mesh: Mesh
  readonly keys: LeaderKeys
  readonly settings: RegistrationSettings
  readonly onError: (error: unknown) => void
}

export interface LeaderWork {
  /** Something changed that the work depends on. */
  readonly poke: () => void
  /** Settles when `signal` has aborted; rejects when the work cannot begin. */
  readonly done: Promise<void>
}

/** Events that come together are one look. */
const SETTLE_MS = 50

export function leaderWork(options: LeaderOptions, signal: AbortSignal): LeaderWork {
  const pokes: (() => void)[] = []
  const begin = async (): Promise<void> => {
    const { client, namespace, podName, clock, random, onError, mesh, keys } = options
    const registrar = new Registrar(options, await readRollout(client, namespace, podName))
    const start = (run: (signal: AbortSignal) => Promise<number | undefined>): void => {
      pokes.push(startLoop({ run, onError, clock, random, settleMs: SETTLE_MS }, signal).poke)
    }
    const looked = () => mesh.gathered
    const { managed } = keys
    if (managed !== undefined) {
      start(async (aborted) => {
        const live = looked()?.configurations
        if (live === undefined) return undefined // the watches are heard soon, and poke
        return managed.run((bundle) => hasBundle(live, bundle), aborted)
      })
    }
    start(async (aborted) => {
      const live = looked()
      // An authority of our own that is not there yet must not wipe what API servers trust.
      if (live === undefined || (managed !== undefined && keys.caBundle === undefined)) return undefined
      return registrar.run(live.configurations, new Set(live.revisions.keys()), keys.caBundle, aborted)
    })
    if (!signal.aborted) await new Promise((ended) => signal.addEventListener('abort', ended, { once: true }))
  }
  return { poke: () => pokes.forEach((poke) => poke()), done: begin() }
}
