// Steady creation of pods beside a test, and the verdict on every single one: one sidecar, by one injector, of a revision
// that was right at the time, with what its user had written.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cluster/wait.ts'

export interface CreatedPod {
  readonly namespace: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly began: number
  readonly ms: number
  readonly sidecars: number
  /** Of the annotation; empty without it. */
  readonly revision: string
  /** Whether what the user wrote is in the pod. */
  readonly kept: boolean
  /** Status and message of a call that failed. */
  readonly refusal?: string
}

export interface Verdict {
  readonly pods: number
  readonly perSecond: number
  readonly refused: readonly CreatedPod[]
  /** Not exactly one sidecar, or of a wrong revision, or without what its user wrote. */
  readonly wrong: readonly CreatedPod[]
  /** By names of revisions. */
  readonly revisions: Readonly<Record<string, number>>
  readonly p99: number
}

/** Revisions that pods of a namespace may have. */
export type Allowed = Readonly<Record<string, readonly string[]>>

const PODS_A_SECOND = 50

export class Load {
  private readonly file: string
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>

  constructor(kubeconfig: string, folder: string, podsASecond = PODS_A_SECOND) {
    this.file = join(folder, 'load.jsonl')
    const args = [join(import.meta.dirname, 'creator.ts'), kubeconfig, this.file, String(podsASecond)]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    this.ended = new Promise((done) => this.child.once('exit', done))
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.ended
  }

  /** Pods that were begun in a time; those that are not finished are counted. */
  pods(from = 0, until = Number.POSITIVE_INFINITY): { done: CreatedPod[]; open: number } {
    const lines = existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').slice(0, -1) : []
    const all = lines.map((line) => JSON.parse(line) as Pick<CreatedPod, 'began'> & Partial<CreatedPod>)
    const some = all.filter(({ began }) => began >= from && began < until)
    const done = some.filter((each): each is CreatedPod => each.ms !== undefined)
    return { done, open: some.length - 2 * done.length }
  }

  /** Does `work` under load and judges what was created meanwhile; prints a line of it. */
  async during(what: string, allowed: Allowed, work: () => Promise<unknown>): Promise<Verdict> {
    const from = Date.now()
    let failure: unknown
    await work().catch((error: unknown) => {
      failure = error
    })
    const end = Date.now()
    await until('the pods that are begun', () => this.pods(from, end).open === 0)
    const verdict = judge(this.pods(from, end).done, allowed, end - from)
    process.stderr.write(`${what}: ${line(verdict)}\n`)
    if (failure !== undefined) throw failure
    return verdict
  }
}

export function judge(pods: readonly CreatedPod[], allowed: Allowed, ms: number): Verdict {
  const refused = pods.filter(({ refusal }) => refusal !== undefined)
  const wrong = pods.filter(
    ({ namespace, revision, sidecars, kept, refusal }) =>
      refusal === undefined && !(sidecars === 1 && kept && (allowed[namespace] ?? []).includes(revision)),
  )
  const revisions = Object.groupBy(pods, ({ revision }) => (revision === '' ? 'none' : revision))
  const sorted = pods.map((pod) => pod.ms).toSorted((a, b) => a - b)
  return {
    pods: pods.length,
    perSecond: (pods.length * 1000) / ms,
    refused,
    wrong,
    revisions: Object.fromEntries(Object.entries(revisions).map(([name, some]) => [name, some?.length ?? 0])),
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  }
}

function line({ pods, perSecond, refused, wrong, revisions, p99 }: Verdict): string {
  const of = Object.entries(revisions).map(([name, count]) => `${count} ${name}`)
  const counts = `${refused.length} refused, ${wrong.length} wrong`
  return `${pods} pods at ${perSecond.toFixed(1)}/s, ${counts}; ${of.join(', ')}; p99 ${p99} ms`
}

/** How often each pod was injected, by the logs of all processes in a folder. */
export function injections(folder: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.log'))) {
    for (const text of readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (!text.includes('"outcome":"patched"')) continue
      const { pod } = JSON.parse(text) as { pod: string }
      counts.set(pod, (counts.get(pod) ?? 0) + 1)
    }
  }
  return counts
}
