// `make cluster`: leaves a test cluster running with two revisions of Istio and remora, and says how to use it.
// A second call finds the running one.

import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findReference } from '../reference/outcome.ts'
import { TWO_REVISIONS } from './bed.ts'
import { findBinaries, missingRequirement } from './binaries.ts'
import { releaseOf } from './objects.ts'
import { endCluster, isRunning, LOG_FILE, ownProcess, RUN_FOLDER, readState, writeState } from './state.ts'
import { until } from './wait.ts'

/** On a machine that does other things too. */
const PATIENCE_MS = 5 * 60_000

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Begins a keeper, after the leftovers of one that was killed are gone. Ctrl-C ends it again. */
async function begin(): Promise<void> {
  const dead = readState()
  if (dead !== undefined) await endCluster(dead)
  rmSync(RUN_FOLDER, { recursive: true, force: true })
  mkdirSync(RUN_FOLDER, { recursive: true })
  const log = openSync(LOG_FILE, 'a')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  child.unref()
  const keeper = ownProcess(child.pid ?? 0)
  if (keeper !== undefined) writeState({ keeper, processes: [], cluster: undefined })
  const interrupt = (): void => {
    child.kill('SIGTERM')
    process.exit(130)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
}

/** The cluster of the keeper that runs, when it is ready; its words are shown until then. */
async function ready(): Promise<Cluster> {
  let shown = 0
  const look = (): { cluster: Cluster | undefined; running: boolean } => {
    const text = readFileSync(LOG_FILE, 'utf8')
    process.stdout.write(text.slice(shown))
    shown = text.length
    const state = readState()
    return { cluster: state?.cluster, running: state !== undefined && isRunning(state.keeper) }
  }
  await until('the cluster', () => look().cluster !== undefined || !look().running, PATIENCE_MS)
  const { cluster, running } = look()
  if (cluster === undefined || !running) throw new Error(`the cluster did not start; its log is ${LOG_FILE}`)
  return cluster
}

interface Cluster {
  readonly kubeconfig: string
  readonly kubectl: string
}

function explain({ kubeconfig, kubectl }: Cluster): void {
  const [byDefault = '', tagged = ''] = TWO_REVISIONS.map(releaseOf)
  say(`
A cluster is running: Istio ${byDefault} (default) and ${tagged} (revision 1-30-3, tag prod-stable), and remora, which injects.

  export KUBECONFIG=${kubeconfig}
  alias kubectl=${kubectl}

Try it:

  kubectl create namespace shop && kubectl label namespace shop istio.io/rev=prod-stable
  kubectl create deployment web -n shop --image=nginx --replicas=2
  kubectl get pods -n shop -o 'custom-columns=NAME:.metadata.name,REVISION:.metadata.annotations.istio\\.io/rev,CONTAINERS:.spec.initContainers[*].name'

  npm run -s remora -- revision list
  npm run -s remora -- explain deploy/web -n shop
  npm run -s remora -- check
  npm run -s remora -- tag set prod-stable --revision default --overwrite
  kubectl rollout restart deployment web -n shop
  npm run -s remora -- adopt --undo

make cluster-down ends it.`)
}

const missing = missingRequirement()
if (missing !== undefined) {
  say(missing)
  process.exit(1)
}
findBinaries(say) // Ctrl-C ends a build that runs in this process
if (findReference() === undefined) {
  say("no reference data: Istio's objects are written here, not those of its installer")
}
const known = readState()
if (known !== undefined && isRunning(known.keeper)) say('a cluster is running already')
else await begin()
explain(await ready())
