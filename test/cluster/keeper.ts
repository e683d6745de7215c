// The process that a playground lives in: it plays kubelet, kube-proxy and istiod until it is told to end (`make
// cluster-down`), and then ends everything it started. Started by up.ts; its words go to a log file. Every process is
// written down as soon as it runs, so that nothing is left behind when this one is killed.

import { join } from 'node:path'
import { type Bed, startBed, TWO_REVISIONS } from './bed.ts'
import { remoraDoes } from './cli.ts'
import { type OwnProcess, ownProcess, RUN_FOLDER, type State, writeState } from './state.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

let bed: Promise<Bed> | undefined
let cluster: State['cluster']
let started: readonly OwnProcess[] = []
let ending = false
const keeper = ownProcess(process.pid)

function remember(pid: number): void {
  started = [...started, ownProcess(pid)].filter((each) => each !== undefined)
  if (keeper !== undefined) writeState({ keeper, processes: started, cluster })
}

async function end(): Promise<void> {
  if (ending) return
  ending = true
  // What has begun to start can only be ended when it is there.
  await bed?.then(({ stop }) => stop()).catch(() => undefined)
  process.exit(0)
}

process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
process.on('SIGHUP', () => undefined) // the terminal may close

try {
  const options = { istio: TWO_REVISIONS, remora: true, onStart: remember }
  bed = startBed(join(RUN_FOLDER, 'bed'), say, options)
  const { plane } = await bed
  if (!ending) {
    say('adopting …')
    await remoraDoes(plane.kubeconfig, ['adopt'])
    cluster = { kubeconfig: plane.kubeconfig, kubectl: plane.binaries.kubectl }
    remember(process.pid)
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  await end()
}
