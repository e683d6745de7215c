// The key pair of the webhook port: from files that are watched, or self-signed in a state directory and renewed.
// A new pair is served when it is proven; a bad one leaves the good one in place and says why.

import { existsSync, readFileSync } from 'node:fs'
import { ensureCertificates } from '../certs/state.ts'
import { type FileWatch, watchFiles } from '../config/watch.ts'
import type { WebhookConfig } from '../config/webhook.ts'
import { type KeyPair, KeyPairHolder, type ProvenPair, provePair } from '../server/tls.ts'
import { ProblemError } from '../std/problem.ts'

export interface KeysEvents {
  readonly replaced: (pair: ProvenPair) => void
  readonly refused: (reason: string) => void
}

export interface Keys {
  readonly holder: KeyPairHolder
  /** PEM of our own authority; undefined when the pair comes from files. */
  readonly ca: string | undefined
  /** What was made in the state directory, for the log. */
  readonly made: readonly string[]
  readonly watch: (events: KeysEvents) => void
  readonly close: () => void
}

/** Until files that were refused are read again though they did not change: it may have been the clock. */
const AGAIN_MS = 60_000
/** How often a self-signed pair is looked at: renewal is due weeks ahead of expiry. */
const RENEWAL_LOOK_MS = 3600 * 1000

/** The first pair; throws a ProblemError when there is none to serve with. */
export async function openKeys(config: WebhookConfig): Promise<Keys> {
  return config.files === undefined ? selfSigned(config) : fromFiles(config.files)
}

function fromFiles(files: { readonly cert: string; readonly key: string }): Keys {
  const holder = new KeyPairHolder(located(files.cert, () => provePair(readPair(files), Date.now())))
  let watching: FileWatch | undefined
  let again: NodeJS.Timeout | undefined
  const reload = (events: KeysEvents): void => {
    clearTimeout(again)
    const before = holder.problem
    const refused = (reason: string): void => {
      if (reason !== before) events.refused(reason)
      again = setTimeout(() => reload(events), AGAIN_MS)
      again.unref()
    }
    tryReplace(holder, () => readPair(files), { ...events, refused })
  }
  return {
    holder,
    ca: undefined,
    made: [],
    watch: (events) => {
      watching = watchFiles({ files: [files.cert, files.key], onChange: () => reload(events) })
    },
    close: () => {
      clearTimeout(again)
      watching?.close()
    },
  }
}

async function selfSigned(config: WebhookConfig): Promise<Keys> {
  const { stateDir: dir, names } = config
  const state = await ensureCertificates({ dir, names, now: Date.now() })
  const holder = new KeyPairHolder(provePair(state.leaf, Date.now()))
  let timer: NodeJS.Timeout | undefined
  const renew = async (events: KeysEvents): Promise<void> => {
    try {
      const next = await ensureCertificates({ dir, names, now: Date.now() })
      tryReplace(holder, () => next.leaf, events)
    } catch (error) {
      events.refused(error instanceof Error ? error.message : String(error))
    }
  }
  return {
    holder,
    ca: state.ca,
    made: state.made,
    watch: (events) => {
      timer = setInterval(() => void renew(events), RENEWAL_LOOK_MS)
      timer.unref()
    },
    close: () => clearInterval(timer),
  }
}

function tryReplace(holder: KeyPairHolder, read: () => KeyPair, events: KeysEvents): void {
  try {
    if (holder.replace(read, Date.now())) events.replaced(holder.pair)
  } catch (error) {
    events.refused(error instanceof Error ? error.message : String(error))
  }
}

function readPair(files: { readonly cert: string; readonly key: string }): KeyPair {
  const read = (file: string): string => {
    if (!existsSync(file)) throw new ProblemError('io', `file "${file}" does not exist`)
    return readFileSync(file, 'utf8')
  }
  return { cert: read(files.cert), key: read(files.key) }
}

function located<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ProblemError(error.code, error.message, { file, ...error.where }, error.hint)
  }
}
