// What a playground leaves for later commands, from its first process on: where its kubeconfig is, and which processes it
// consists of. A process is known by its id and the moment it began, so that an id used again is never taken for it.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { until } from './wait.ts'

export const RUN_FOLDER = resolve(
  process.env['REMORA_CLUSTER_FOLDER'] ?? join(import.meta.dirname, '../../.cache/cluster-run'),
)
export const LOG_FILE = join(RUN_FOLDER, 'keeper.log')
const STATE_FILE = join(RUN_FOLDER, 'state.json')
/** The keeper ends its parts one after the other. */
const PATIENCE_MS = 60_000

export interface OwnProcess {
  readonly pid: number
  /** Of no meaning but to be the same or another. */
  readonly began: string
}

export interface State {
  readonly keeper: OwnProcess
  readonly processes: readonly OwnProcess[]
  /** Undefined while it starts. */
  readonly cluster: { readonly kubeconfig: string; readonly kubectl: string } | undefined
}

/** Undefined when no such process runs. */
export function ownProcess(pid: number): OwnProcess | undefined {
  const began = existsSync('/proc/self/stat') ? beganOnLinux(pid) : beganByPs(pid)
  return began === undefined ? undefined : { pid, began }
}

/** In ticks since the machine started: field 22, counted behind the name, which may hold blanks. */
function beganOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

function beganByPs(pid: number): string | undefined {
  const options = { encoding: 'utf8', env: { LC_ALL: 'C' } } as const
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], options)
  return status === 0 ? stdout.trim() : undefined
}

export function isRunning({ pid, began }: OwnProcess): boolean {
  return ownProcess(pid)?.began === began
}

export function readState(): State | undefined {
  try {
    return JSON.parse(readFileSync(STATE_FILE, 'utf8')) as State
  } catch {
    return undefined
  }
}

export function writeState(state: State): void {
  mkdirSync(RUN_FOLDER, { recursive: true })
  writeFileSync(`${STATE_FILE}.new`, JSON.stringify(state, undefined, 2))
  renameSync(`${STATE_FILE}.new`, STATE_FILE)
}

/**
 * Ends what a state tells of. The keeper ends its parts; where it was killed, or does not end in time, they are ended
 * here. Nothing else is touched.
 */
export async function endCluster({ keeper, processes }: State): Promise<void> {
  if (isRunning(keeper)) process.kill(keeper.pid, 'SIGTERM')
  await until('the cluster to end', () => !isRunning(keeper), PATIENCE_MS).catch(() => {
    process.kill(keeper.pid, 'SIGKILL')
  })
  const left = (readState()?.processes ?? processes).filter(isRunning)
  for (const { pid } of left) process.kill(pid, 'SIGKILL')
  await until('its processes to end', () => ![keeper, ...left].some(isRunning))
  rmSync(STATE_FILE, { force: true })
}
