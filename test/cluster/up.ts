// `make cluster`: leaves a test cluster running with two revisions of Istio and remora, and says how to use it.
// A second call finds the running one.

import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { missingRequirement } from './binaries.ts'
import { isRunning, LOG_FILE, RUN_FOLDER, readState, type State } from './state.ts'
import { until } from './wait.ts'

/** The first start builds Kubernetes. */
const PATIENCE_MS = 20 * 60_000

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function running(): State | undefined {
  const state = readState()
  return state !== undefined && isRunning(state.keeper) ? state : undefined
}

async function start(): Promise<State> {
  rmSync(RUN_FOLDER, { recursive: true, force: true })
  mkdirSync(RUN_FOLDER, { recursive: true })
  const log = openSync(LOG_FILE, 'a')
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const interrupt = (): void => {
    keeper.kill('SIGTERM')
    process.exit(130)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  let shown = 0
  let state: State | undefined
  await until(
    'the cluster',
    () => {
      const text = readFileSync(LOG_FILE, 'utf8')
      process.stdout.write(text.slice(shown))
      shown = text.length
      state = running()
      return state !== undefined || keeper.exitCode !== null
    },
    PATIENCE_MS,
  )
  keeper.unref()
  if (state === undefined) throw new Error(`the cluster did not start; its log is ${LOG_FILE}`)
  return state
}

function explain({ kubeconfig, kubectl }: State): void {
  say(`
A cluster is running: Istio 1.27.9 (default) and 1.30.3 (revision 1-30-3, tag prod-stable), and remora beside them.

  export KUBECONFIG=${kubeconfig}
  alias kubectl=${kubectl}

Try it:

  kubectl create namespace shop && kubectl label namespace shop istio.io/rev=prod-stable
  kubectl create deployment web -n shop --image=nginx --replicas=2
  kubectl get pods -n shop -o 'custom-columns=NAME:.metadata.name,REVISION:.metadata.annotations.istio\\.io/rev,CONTAINERS:.spec.initContainers[*].name'

and then: npm run -s remora -- revision list

make cluster-down ends it.`)
}

const missing = missingRequirement()
if (missing !== undefined) {
  say(missing)
  process.exit(1)
}
const known = running()
if (known !== undefined) say('a cluster is running already')
explain(known ?? (await start()))
