// An API server of the tests and the replicas that a test starts against it, each test with its own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  readConfiguration,
} from '../../src/revision/configuration.ts'
import { until } from '../cluster/wait.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { freePort, type Replica, type ReplicaOptions, startReplica } from './replica.ts'

export const WEBHOOKS = RESOURCE.mutatingWebhookConfiguration
/** The name by which API servers call the Service. */
export const HOST = 'remora-injector.remora-system.svc'

class Scene {
  api = new FakeApi()
  folder = ''
  private replicas: Replica[] = []

  async begin(): Promise<void> {
    this.api = await new FakeApi().start()
    this.folder = mkdtempSync(join(tmpdir(), 'remora-process-'))
    this.replicas = []
  }

  async end(): Promise<void> {
    for (const replica of this.replicas) await replica.dispose()
    await this.api.away()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async start(options: Omit<ReplicaOptions, 'healthPort'> = {}): Promise<Replica> {
    const replica = startReplica(this.api, { ...options, healthPort: await freePort() })
    this.replicas.push(replica)
    return replica
  }

  /** What adopt makes, for the leader to fill. */
  adopt(): void {
    this.api.put(WEBHOOKS, { metadata: { name: CONFIGURATION_NAME }, webhooks: [] })
  }

  /** Our webhook configuration. */
  ours(): Configuration | undefined {
    return this.api
      .all(WEBHOOKS)
      .map((raw) => readConfiguration(raw, 'istio-system'))
      .find(({ name }) => name === CONFIGURATION_NAME)
  }

  async ready(replica: Replica): Promise<void> {
    const isReady = async (): Promise<boolean> => (await replica.health('/readyz')).status === 200
    await until('the replica to be ready', isReady, 20_000).catch((error) => {
      throw new Error(`${String(error)}\n${JSON.stringify(replica.lines(), undefined, 1)}`)
    })
  }
}

/** A scene for every test of the file that calls it. */
export function useScene(): Scene {
  const scene = new Scene()
  beforeEach(() => scene.begin())
  afterEach(() => scene.end())
  return scene
}
