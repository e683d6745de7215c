// The key pair of a webhook in a cluster from files that somebody else keeps right: cert-manager, whose CA injector also
// writes the caBundle, or an authority of the user's own, whose certificate stands in ca.crt beside them. Pair and
// authority change together or not at all: what API servers could not verify is never served.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isTrusted, readBundle } from '../certs/bundle.ts'
import { flawOfNames } from '../certs/policy.ts'
import { watchFiles } from '../config/watch.ts'
import { type KeyPair, KeyPairHolder, type ProvenPair, provePair } from '../server/tls.ts'
import { ProblemError } from '../std/problem.ts'
import type { ClusterKeys, ClusterKeysOptions, KeysReporter } from './webhook-cluster-keys.ts'

interface Material {
  readonly pair: ProvenPair
  /** PEM for the caBundle; undefined where somebody else writes it. */
  readonly ca: string | undefined
}

/** Until files that were refused are looked at again though they did not change: it may have been the clock. */
const AGAIN_MS = 60_000

/** Throws a ProblemError when the files cannot be served with. */
export function fileKeys(options: ClusterKeysOptions, report: KeysReporter): ClusterKeys {
  const { config, cluster, clock, onChange } = options
  const { files } = config
  if (files === undefined) throw new Error('certificate files are checked with the settings')
  const caFile = cluster.certSource === 'files' ? join(dirname(files.cert), 'ca.crt') : undefined
  // The name by which API servers call a Service.
  const name = `${cluster.serviceName}.${cluster.namespace}.svc`
  const read = (before: Material | undefined): Material => {
    const pair = proven(files, name, clock.wall())
    const ca = caFile === undefined ? undefined : readAuthority(caFile, files.cert, pair)
    // Callers would trust nobody any more.
    if (ca === undefined && before?.ca !== undefined) throw new ProblemError('io', `"${caFile}" is gone`)
    return { pair, ca }
  }
  let material = read(undefined)
  const holder = new KeyPairHolder(material.pair)
  const reload = (): ProvenPair | undefined => {
    let next: Material | undefined
    const replaced = holder.replace(() => {
      next = read(material)
      return next.pair
    }, clock.wall())
    const caChanged = next?.ca !== material.ca
    if (next !== undefined) material = next
    if (caChanged && !replaced) onChange()
    return replaced ? holder.pair : undefined
  }
  let endAgain = (): void => undefined
  let stop = (): void => undefined
  return {
    get pair() {
      return holder.pair
    },
    get problem() {
      return holder.problem
    },
    get caBundle() {
      return material.ca
    },
    managed: undefined,
    whenPair: Promise.resolve(holder.pair),
    serveOn: (webhook) => {
      let told: string | undefined
      const look = (): void => {
        endAgain()
        try {
          const pair = reload()
          told = undefined
          if (pair === undefined) return
          webhook.setPair(pair)
          report.replaced(pair)
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          if (reason !== told) report.refused(reason)
          told = reason
          endAgain = clock.after(AGAIN_MS, look)
        }
      }
      const watched = [files.cert, files.key, ...(caFile === undefined ? [] : [caFile])]
      stop = watchFiles({ files: watched, onChange: look }).close
      // They may have changed between the start and the first look of the watch.
      look()
    },
    close: () => {
      stop()
      endAgain()
    },
  }
}

function proven(
  files: { readonly cert: string; readonly key: string },
  name: string,
  now: number,
): ProvenPair {
  const pair: KeyPair = { cert: readText(files.cert), key: readText(files.key) }
  return located(files.cert, () => {
    const good = provePair(pair, now)
    const flaw = flawOfNames(pair.cert, [name])
    if (flaw === undefined) return good
    throw new ProblemError('io', `${flaw}, by which API servers call it`)
  })
}

/** The authorities of ca.crt; undefined where there is no such file, and somebody else writes the caBundle. */
function readAuthority(file: string, certFile: string, pair: KeyPair): string | undefined {
  if (!existsSync(file)) return undefined
  const text = readText(file)
  const { certificates, readable } = readBundle(text)
  if (!readable || certificates.length === 0) {
    throw new ProblemError('io', `"${file}" holds something else than certificates`, { file })
  }
  if (isTrusted(pair.cert, text)) return text
  throw new ProblemError('io', `no authority of "${file}" has signed the certificate of "${certFile}"`, {
    file,
  })
}

function readText(file: string): string {
  if (!existsSync(file)) throw new ProblemError('io', `file "${file}" does not exist`)
  return readFileSync(file, 'utf8')
}

function located<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ProblemError(error.code, error.message, { file, ...error.where }, error.hint)
  }
}
