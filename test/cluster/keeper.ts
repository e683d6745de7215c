// The process that a playground lives in: it plays kubelet, kube-proxy and istiod until it is told to end (`make
// cluster-down`), and then ends everything it started. Started by up.ts; its words go to a log file.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Bed, startBed, TWO_REVISIONS } from './bed.ts'
import { forgetState, ownProcess, RUN_FOLDER, writeState } from './state.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

let bed: Bed | undefined
let starting: Promise<Bed> | undefined
let ending = false

function remember(): void {
  const keeper = ownProcess(process.pid)
  if (bed === undefined || ending || keeper === undefined) return
  const pids = [...bed.plane.pids, ...[...bed.kubelet.programs.values()].map(({ pid }) => pid)]
  const processes = pids.flatMap((pid) => ownProcess(pid) ?? [])
  const { kubeconfig, binaries } = bed.plane
  writeState({ kubeconfig, kubectl: binaries.kubectl, keeper, processes })
}

async function end(): Promise<void> {
  if (ending) return
  ending = true
  // What has begun to start can only be ended when it is there.
  await starting?.then((started) => started.stop()).catch(() => undefined)
  forgetState()
  process.exit(0)
}

process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
process.on('SIGHUP', () => undefined) // the terminal may close

mkdirSync(RUN_FOLDER, { recursive: true })
try {
  starting = startBed(join(RUN_FOLDER, 'bed'), say, {
    istio: TWO_REVISIONS,
    remora: true,
    onChange: remember,
  })
  bed = await starting
  remember()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
