// Steady creation of pods beside a test, and the verdict on every single one: one sidecar, by one injector, of a revision
// that was right at the time, with what its user had written.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { until } from '../../cluster/wait.ts'
import { type Fault, observed } from '../observe.ts'
import { Tail } from './tail.ts'

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
const LOOK_MS = 1000

type Begun = Pick<CreatedPod, 'name' | 'began'>

export class Load {
  private readonly tail: Tail
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>
  private readonly look: NodeJS.Timeout
  /** When the pods that are not finished were begun, by name. */
  private readonly open = new Map<string, number>()
  /** Finished, of the time that is judged next. */
  private recent: CreatedPod[] = []
  /** Sidecars of each finished pod, by its number: all that is kept of a pod in the end. */
  private readonly sidecars: number[] = []
  private finished = 0
  private firstBegan = 0
  private lastBegan = 0

  constructor(kubeconfig: string, folder: string, podsASecond = PODS_A_SECOND) {
    const file = join(folder, 'load.jsonl')
    const args = [join(import.meta.dirname, 'creator.ts'), kubeconfig, file, String(podsASecond)]
    this.tail = new Tail(file)
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    this.ended = new Promise((done) => this.child.once('exit', done))
    // Little at a time: this process also plays kube-proxy.
    this.look = setInterval(() => this.read(), LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.look)
    this.child.kill('SIGTERM')
    await this.ended
    this.read()
  }

  /** All pods up to now: the sidecars of each finished one by its number, and how many were begun in a second. */
  sum(): { readonly sidecars: readonly number[]; readonly pods: number; readonly perSecond: number } {
    this.read()
    const seconds = (this.lastBegan - this.firstBegan) / 1000
    return { sidecars: this.sidecars, pods: this.finished, perSecond: this.finished / seconds }
  }

  /** Does `work` under load and judges what was created meanwhile; prints a row of it. */
  async during(fault: Fault, allowed: Allowed, work: () => Promise<unknown>): Promise<Verdict> {
    this.read()
    const from = Date.now()
    this.recent = []
    let failure: unknown
    await work().catch((error: unknown) => {
      failure = error
    })
    const end = Date.now()
    // They are begun in order: once a later one is known, all are.
    await until('the pods that are begun', () => this.read() >= end && !this.isOpen(from, end))
    const pods = this.recent.filter(({ began }) => began >= from && began < end)
    const verdict = judge(pods, allowed, end - from)
    observed(fault, line(verdict))
    if (failure !== undefined) throw failure
    return verdict
  }

  private isOpen(from: number, end: number): boolean {
    return [...this.open.values()].some((began) => began >= from && began < end)
  }

  /** Takes in what the creator has written; returns when the newest pod was begun. */
  private read(): number {
    for (const text of this.tail.lines()) {
      const pod = JSON.parse(text) as Begun | CreatedPod
      if ('ms' in pod) {
        this.open.delete(pod.name)
        this.recent.push(pod)
        this.sidecars[podNumber(pod.name) ?? 0] = pod.sidecars
        this.finished++
        continue
      }
      this.open.set(pod.name, pod.began)
      this.lastBegan = pod.began
      this.firstBegan ||= pod.began
    }
    return this.lastBegan
  }
}

/** The number in the name of a pod of the load; undefined for other pods. */
export function podNumber(name: string): number | undefined {
  const text = /^load-(\d+)$/.exec(name)?.[1]
  return text === undefined ? undefined : Number(text)
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
