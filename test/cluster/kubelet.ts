// A kubelet played for a few namespaces: pods that the scheduler placed become local processes (or nothing, where no
// program is known for them), their readiness is that of the process, and they end as pods end: SIGTERM, grace, SIGKILL.

import { request } from 'node:http'
import type { ApiAccess } from '../../src/kube/access.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { type Reflector, startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import type { Program } from './program.ts'

/** What is read of a pod. */
export interface PlayedPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly account: string
  /** Of the first container, and its environment as far as the pod itself gives it. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly placed: boolean
  readonly grace: number
  readonly leaving: boolean
  /** As the API server has it. */
  readonly ready: boolean
  readonly containers: readonly { readonly name: string; readonly image: string }[]
}

/** Starts what a pod stands for; undefined for one that only has to look as if it ran. */
export type Starter = (pod: PlayedPod) => Promise<Program | undefined>

interface Sandbox {
  pod: PlayedPod
  readonly address: string
  program: Program | undefined
  restarts: number
  /** Nothing is started any more. */
  ending: boolean
  /** What the API server was told last. */
  told: string
  probing: boolean
  ready: boolean
  /** Time of the first of the probes that failed one after the other. */
  failingFrom: number
}

export interface KubeletOptions {
  readonly access: ApiAccess
  readonly namespaces: readonly string[]
  readonly start: Starter
  /** Told the id of every process as soon as it runs. */
  readonly onStart?: (pid: number) => void
}

/** How often readiness is asked for; a real kubelet asks at most once a second. */
const PROBE_MS = 100
/** So long a process that was ready may fail to say so: two probes of a kubelet. */
const FAILING_MS = 3000
const START_AGAIN_MS = 500

export class Kubelet {
  private readonly options: KubeletOptions
  private readonly client: Client
  private readonly reflectors: readonly Reflector<PlayedPod>[]
  private readonly sandboxes = new Map<string, Sandbox>()
  private readonly prober: NodeJS.Timeout
  private stopped = false
  private addresses = 0

  constructor(options: KubeletOptions) {
    this.options = options
    this.client = createClient(options.access)
    this.reflectors = options.namespaces.map((namespace) =>
      startReflector({
        access: options.access,
        resource: RESOURCE.pod,
        namespace,
        select: readPod,
        onChange: () => this.look(),
        clock: systemClock,
        random: Math.random,
      }),
    )
    this.prober = setInterval(() => this.probe(), PROBE_MS)
  }

  /** The local port of a process that plays the pod of this address; undefined when nothing listens there. */
  portOf(address: string): number | undefined {
    const sandbox = [...this.sandboxes.values()].find((each) => each.address === address)
    return sandbox?.program?.running === true ? sandbox.program.told?.port : undefined
  }

  /** Processes by pod name. */
  get programs(): ReadonlyMap<string, Program> {
    const running = [...this.sandboxes.values()].flatMap(({ pod, program }) =>
      program?.running === true ? [[pod.name, program] as const] : [],
    )
    return new Map(running)
  }

  /** Ends every process at once and forgets the pods. */
  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.prober)
    for (const reflector of this.reflectors) reflector.stop()
    const programs = [...this.sandboxes.values()].flatMap(({ program }) => program ?? [])
    for (const program of programs) program.signal('SIGKILL')
    await Promise.all(programs.map(({ ended }) => ended))
  }

  private look(): void {
    if (this.stopped) return
    const live = new Map(
      this.reflectors.flatMap(({ items }) => [...items.values()]).map((pod) => [pod.uid, pod]),
    )
    for (const pod of live.values()) {
      const known = this.sandboxes.get(pod.uid)
      if (known !== undefined) {
        // Others write it too: what a kubelet knows better, it says again.
        if (known.pod.ready && !pod.ready) known.told = ''
        known.pod = pod
      }
      if (known === undefined && pod.placed && !pod.leaving) void this.begin(pod)
      if (pod.leaving) void this.end(pod, known)
    }
    for (const [uid, { program }] of this.sandboxes) {
      if (live.has(uid)) continue
      program?.signal('SIGKILL') // deleted by force
      this.sandboxes.delete(uid)
    }
  }

  private async begin(pod: PlayedPod): Promise<void> {
    const number = ++this.addresses
    const address = `10.244.${number >> 8}.${number & 255}`
    const sandbox: Sandbox = {
      pod,
      address,
      program: undefined,
      restarts: 0,
      ending: false,
      told: '',
      probing: false,
      ready: false,
      failingFrom: Number.POSITIVE_INFINITY,
    }
    this.sandboxes.set(pod.uid, sandbox)
    await this.run(sandbox)
  }

  /** Runs the program, and again when it ends by itself, as restartPolicy Always says. */
  private async run(sandbox: Sandbox): Promise<void> {
    const program = await this.options.start(sandbox.pod).catch(() => 'later' as const)
    if (program === 'later') {
      // Without the API server there is no token.
      if (!this.stopped && !sandbox.ending) setTimeout(() => void this.run(sandbox), START_AGAIN_MS)
      return
    }
    if (program === undefined) return this.tell(sandbox, true)
    if (this.stopped || sandbox.ending) program.signal('SIGKILL')
    sandbox.program = program
    this.options.onStart?.(program.pid)
    void program.ended.then(async () => {
      if (this.stopped || sandbox.ending) return
      sandbox.restarts++
      sandbox.ready = false
      await this.tell(sandbox, false)
      await this.run(sandbox)
    })
  }

  private async end(pod: PlayedPod, sandbox: Sandbox | undefined): Promise<void> {
    if (sandbox?.ending === true) return
    const program = sandbox?.program
    if (sandbox !== undefined) sandbox.ending = true
    if (program?.running === true) {
      program.signal('SIGTERM')
      const kill = setTimeout(() => program.signal('SIGKILL'), pod.grace * 1000)
      await program.ended
      clearTimeout(kill)
    }
    const { namespace, name, uid } = pod
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    const body = { gracePeriodSeconds: 0, preconditions: { uid } }
    await this.options.access.send({ method: 'DELETE', path, body }).catch(() => undefined)
  }

  private probe(): void {
    for (const sandbox of this.sandboxes.values()) {
      if (sandbox.program !== undefined && !sandbox.ending && !sandbox.probing) void this.ask(sandbox)
    }
  }

  private async ask(sandbox: Sandbox): Promise<void> {
    const { program } = sandbox
    const port = program?.running === true ? program.told?.healthPort : undefined
    sandbox.probing = true
    const ok = port !== undefined && (await isReady(port))
    sandbox.probing = false
    const now = performance.now()
    if (ok || sandbox.failingFrom === Number.POSITIVE_INFINITY)
      sandbox.failingFrom = ok ? Number.POSITIVE_INFINITY : now
    // A process that is gone is not ready at once.
    const patience = port !== undefined && sandbox.ready && now - sandbox.failingFrom < FAILING_MS
    sandbox.ready = ok || patience
    if (!sandbox.ending) await this.tell(sandbox, sandbox.ready)
  }

  private async tell(sandbox: Sandbox, ready: boolean): Promise<void> {
    const { pod, address, restarts, told } = sandbox
    const words = `${ready} ${restarts}`
    if (told === words) return
    sandbox.told = words
    const { namespace, name } = pod
    const at = { namespace, name, subresource: 'status' }
    try {
      await this.client.patch(RESOURCE.pod, at, statusOf(pod, address, ready, restarts))
    } catch {
      sandbox.told = told // the next probe tries again
    }
  }
}

function isReady(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const call = request({ host: '127.0.0.1', port, path: '/readyz', timeout: 3000 }, (answer) => {
    answer.resume()
    resolve(answer.statusCode === 200)
  })
  call.on('timeout', () => call.destroy())
  call.on('error', () => resolve(false))
  call.end()
  return promise
}

function statusOf(pod: PlayedPod, address: string, ready: boolean, restarts: number): JsonObject {
  const now = new Date().toISOString()
  const condition = (type: string, ok: boolean): JsonObject => ({
    type,
    status: ok ? 'True' : 'False',
    lastTransitionTime: now,
  })
  return {
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      hostIP: '127.0.0.1',
      startTime: now,
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', true),
        condition('ContainersReady', ready),
        condition('Ready', ready),
      ],
      containerStatuses: pod.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: '',
        ready,
        started: true,
        restartCount: restarts,
        state: { running: { startedAt: now } },
      })),
    },
  }
}

function isTrue(raw: JsonObject, type: string): boolean {
  const { conditions = [] } = (raw['status'] ?? {}) as { conditions?: { type: string; status: string }[] }
  return conditions.some((condition) => condition.type === type && condition.status === 'True')
}

function readPod(raw: JsonObject): PlayedPod {
  const metadata = raw['metadata'] as JsonObject
  const spec = raw['spec'] as JsonObject
  const containers = spec['containers'] as {
    name: string
    image: string
    args?: string[]
    env?: { name: string; value?: string; valueFrom?: unknown }[]
  }[]
  const env = (containers[0]?.env ?? []).filter(({ valueFrom }) => valueFrom === undefined)
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  return {
    namespace: text(metadata['namespace']),
    name: text(metadata['name']),
    uid: text(metadata['uid']),
    labels: (metadata['labels'] ?? {}) as Record<string, string>,
    account: text(spec['serviceAccountName']),
    args: containers[0]?.args ?? [],
    env: Object.fromEntries(env.map(({ name, value = '' }) => [name, value])),
    placed: text(spec['nodeName']) !== '',
    grace: Number(spec['terminationGracePeriodSeconds'] ?? 30),
    leaving: metadata['deletionTimestamp'] !== undefined,
    ready: isTrue(raw, 'Ready'),
    containers: containers.map(({ name, image }) => ({ name, image })),
  }
}
