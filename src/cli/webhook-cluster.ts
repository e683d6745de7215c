// `remora webhook` in a cluster: settings of all revisions by watch, a key pair that the replicas share, and the elected
// replica that keeps registration and certificates right, as a backend of the server. Only puts parts together.

import { hostname } from 'node:os'
import type { AdmitOptions } from '../admission/admit.ts'
import type { ClusterConfig } from '../config/cluster.ts'
import type { WebhookConfig } from '../config/webhook.ts'
import { type ApiAccess, loadAccess } from '../kube/access.ts'
import { createClient } from '../kube/client.ts'
import { systemClock } from '../kube/clock.ts'
import { createRecorder, type EventRecorder } from '../kube/events.ts'
import { type Elector, runElector } from '../kube/lease.ts'
import { RESOURCE } from '../kube/resource.ts'
import { leaderWork } from '../reconcile/leader.ts'
import { Mesh } from '../reconcile/mesh.ts'
import { trustedEntries } from '../reconcile/registration.ts'
import { WatchSet } from '../reconcile/watches.ts'
import { configMapNames } from '../revision/control-plane.ts'
import type { Check } from '../server/health.ts'
import type { ProblemError } from '../std/problem.ts'
import { addClusterMetrics, type ClusterMetrics } from '../telemetry/cluster-metrics.ts'
import type { Io } from './io.ts'
import { clusterChecks } from './webhook-cluster-checks.ts'
import { fileKeys } from './webhook-cluster-files.ts'
import { type ClusterKeys, keysReporter } from './webhook-cluster-keys.ts'
import { secretKeys } from './webhook-cluster-secret.ts'
import { announce, type Backend, WebhookServer } from './webhook-server.ts'

const clock = systemClock
const random = Math.random
/** What the API server may still take when a second signal ends the process. */
const AT_ONCE_MS = 500

/** Serves until a signal ends it. Throws a ProblemError when it cannot start; an API server that is away is waited for. */
export async function serveCluster(
  io: Io,
  config: WebhookConfig,
  cluster: ClusterConfig,
  admission: Pick<AdmitOptions, 'compat' | 'structure'>,
): Promise<void> {
  const { kubeconfig, context } = cluster
  const access = await loadAccess({ kubeconfig, context, env: io.env, cwd: io.cwd })
  const server = new WebhookServer(io, config)
  const backend = new ClusterBackend(io, server, config, cluster, access).start()
  await server.run(backend, { ...admission, details: config.details ?? admission.compat === 'improved' })
}

class ClusterBackend {
  private readonly io: Io
  private readonly server: WebhookServer
  private readonly config: WebhookConfig
  private readonly cluster: ClusterConfig
  private readonly access: ApiAccess
  private readonly identity: string
  private readonly recorder: EventRecorder
  private readonly metrics: ClusterMetrics
  private readonly watches: WatchSet
  private readonly ending = new AbortController()
  private elector: Elector | undefined
  private mesh: Mesh | undefined
  private keys: ClusterKeys | undefined
  /** Of the leader's work, while this replica leads. */
  private poke: (() => void) | undefined
  /** What this replica sees as leader. */
  private conditions: readonly string[] = []

  constructor(
    io: Io,
    server: WebhookServer,
    config: WebhookConfig,
    cluster: ClusterConfig,
    access: ApiAccess,
  ) {
    this.io = io
    this.server = server
    this.config = config
    this.cluster = cluster
    this.access = access
    // Two processes never have one identity, also one after the other in the same pod.
    this.identity = `${io.env['HOSTNAME'] ?? hostname()}_${crypto.randomUUID()}`
    this.recorder = createRecorder(createClient(access), {
      component: 'remora-injector',
      instance: this.identity,
      onProblem: (error) => server.log.debug('an event was not recorded', { problem: textOf(error) }),
    })
    this.metrics = addClusterMetrics(server.metrics.registry, () => this.observe())
    this.watches = new WatchSet({
      access,
      clock,
      random,
      onRestart: (resource, reason) => this.metrics.watchRestarted(resource, reason),
      onProblem: (resource, problem) =>
        server.log.warn('a watch failed and is tried again', { resource, problem }),
    })
  }

  start(): Backend {
    const { server, watches, cluster, config, access } = this
    const changed = (): void => this.poke?.()
    const keyOptions = {
      config,
      cluster,
      client: createClient(access),
      watches,
      clock,
      metrics: server.metrics,
      log: server.log,
      onChange: changed,
      onWritten: () => this.metrics.certificateWritten(),
    }
    const source = cluster.certSource === 'self' ? secretKeys : fileKeys
    const keys = source(keyOptions, keysReporter(keyOptions))
    const mesh = new Mesh(
      {
        watches,
        istioNamespace: cluster.istioNamespace,
        clock,
        random,
        events: {
          good: (revision, hash) => {
            server.metrics.reloaded('settings', true)
            server.log.info('new settings of a revision are in use', { revision, hash })
          },
          bad: (revision, problem) => this.settingsRefused(revision, problem),
          gone: (revision) => server.log.info('a revision is gone', { revision }),
        },
        onLook: changed,
        onError: (error) =>
          server.log.error('the settings could not be looked at', { problem: textOf(error) }),
      },
      this.ending.signal,
    )
    this.keys = keys
    this.mesh = mesh
    this.elect(keys, mesh)
    return this.backend(keys, mesh)
  }

  private elect(keys: ClusterKeys, mesh: Mesh): void {
    const { access, cluster, server } = this
    const client = createClient(access)
    const { namespace, serviceName: service, servicePort: port } = cluster
    const problem = (message: string) => (error: unknown) =>
      server.log.warn(message, { problem: textOf(error) })
    this.elector = runElector({
      client,
      namespace,
      name: cluster.leaseName,
      identity: this.identity,
      clock,
      random,
      onLead: async (signal) => {
        server.log.info('this replica leads')
        // What was refused before somebody led has had no event yet.
        for (const [revision, state] of Object.entries(mesh.snapshot.revisions)) {
          if (state.problem !== undefined) this.recordRefusal(revision, state.problem)
        }
        const work = leaderWork(
          {
            client,
            clock,
            random,
            namespace,
            podName: this.io.env['HOSTNAME'] ?? '',
            mesh,
            keys,
            settings: { ...cluster, namespace, service, port },
            restoreDeleted: cluster.restoreDeleted,
            onWritten: (how) => {
              this.metrics.registered()
              server.log.info('the webhook configuration was written', { how })
            },
            onCondition: ({ type, message }) => {
              server.log.warn('the webhook configuration needs a person', { type, problem: message })
              this.record('remora-injector', RESOURCE.mutatingWebhookConfiguration, undefined, type, message)
            },
            onLooked: (conditions) => {
              this.conditions = conditions
            },
            onError: problem('a step of the leader failed and is tried again'),
          },
          signal,
        )
        this.poke = work.poke
        await work.done
      },
      onLose: () => {
        this.poke = undefined
        this.conditions = []
        server.log.info('this replica no longer leads')
      },
      onProblem: problem('the election failed and is tried again'),
    })
  }

  private settingsRefused(revision: string, problem: ProblemError): void {
    const { server } = this
    server.metrics.reloaded('settings', false)
    const { field, line } = problem.where
    server.log.error('new settings of a revision are refused, the ones before stay in use', {
      revision,
      problem: problem.message,
      field,
      line,
    })
    // One voice is enough.
    if (this.elector?.leading === true) this.recordRefusal(revision, problem)
  }

  private recordRefusal(revision: string, problem: ProblemError): void {
    const name = configMapNames(revision).injector
    this.record(name, RESOURCE.configMap, this.cluster.istioNamespace, 'SettingsRefused', problem.message)
  }

  private record(
    name: string,
    resource: (typeof RESOURCE)[keyof typeof RESOURCE],
    namespace: string | undefined,
    type: string,
    message: string,
  ): void {
    const reason = type.replaceAll(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
    const regarding = { resource, name, ...(namespace === undefined ? {} : { namespace }) }
    this.recorder.record({ regarding, type: 'Warning', reason, message })
  }

  private observe() {
    const { keys, mesh, elector, watches } = this
    const { conditions } = this
    return {
      leading: elector?.leading ?? false,
      watches: watches.states,
      // Only where it is asked for: certificates are read.
      get bundles() {
        const chain = keys?.pair?.cert
        return chain === undefined ? [] : trustedEntries(mesh?.gathered?.configurations ?? [], chain)
      },
      conditions,
    }
  }

  private backend(keys: ClusterKeys, mesh: Mesh): Backend {
    const checks = (): Check[] => clusterChecks(this.watches, mesh)
    return {
      get snapshot() {
        return mesh.snapshot
      },
      get ageSeconds() {
        return mesh.ageSeconds
      },
      get good() {
        return mesh.good
      },
      get pair() {
        return keys.pair
      },
      get pairProblem() {
        return keys.problem
      },
      get checks() {
        return checks()
      },
      // The port stays closed before: a request that came early would be answered from an empty mesh.
      whenPair: Promise.all([keys.whenPair, mesh.whenBuilt]).then(([first]) => keys.pair ?? first),
      serving: (webhook, ports) => {
        keys.serveOn(webhook)
        this.server.log.info('serving', { ...ports, generation: mesh.snapshot.generation })
        announce(this.io, ports, keys.caBundle)
      },
      close: async (atOnce) => {
        await this.elector?.stop(atOnce ? AT_ONCE_MS : undefined)
        this.ending.abort()
        this.watches.stop()
        keys.close()
      },
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
