// What a running playground leaves for later commands: where its kubeconfig is, and which processes it consists of.
// A process is known by its id and the moment it began, so that an id used again is never taken for it.

import { spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const RUN_FOLDER = resolve(import.meta.dirname, '../../.cache/cluster-run')
export const LOG_FILE = join(RUN_FOLDER, 'keeper.log')
const STATE_FILE = join(RUN_FOLDER, 'state.json')

export interface OwnProcess {
  readonly pid: number
  /** As `ps` tells it. */
  readonly began: string
}

export interface State {
  readonly kubeconfig: string
  readonly kubectl: string
  readonly keeper: OwnProcess
  readonly processes: readonly OwnProcess[]
}

/** Undefined when no such process runs. */
export function ownProcess(pid: number): OwnProcess | undefined {
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } })
  const began = (ps.stdout ?? '').trim()
  return ps.status === 0 && began !== '' ? { pid, began } : undefined
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
  writeFileSync(`${STATE_FILE}.new`, JSON.stringify(state, undefined, 2))
  renameSync(`${STATE_FILE}.new`, STATE_FILE)
}

export function forgetState(): void {
  rmSync(STATE_FILE, { force: true })
}
