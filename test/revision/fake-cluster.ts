// The webhook configurations of a cluster as its API server keeps them: JSON patches, server-side apply with owners,
// resource versions, and the elected replica of remora that acts on them.

import { applyPatch } from '../../src/patch/apply.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  readConfiguration,
} from '../../src/revision/configuration.ts'
import { type AdoptStep, awaited } from '../../src/revision/handover.ts'
import type { PatchOperation } from '../../src/revision/patch-operation.ts'
import type { RegistrationSettings } from '../../src/revision/registration.ts'
import {
  NO_MEMORY,
  planRegistration,
  type RegistrationMemory,
  type RegistrationObserved,
  type RegistrationPlan,
} from '../../src/revision/registration-plan.ts'
import { cloneJson, isObject, type JsonObject } from '../../src/std/json.ts'

export const SETTINGS: RegistrationSettings = {
  namespace: 'remora-system',
  service: 'remora-injector',
  port: 443,
  failurePolicy: 'Fail',
  reinvocationPolicy: 'Never',
  timeoutSeconds: 10,
  matchConditions: [],
}

type Named = JsonObject & { name: string }

function named(list: unknown): Named[] {
  return (Array.isArray(list) ? list : []).filter(isObject) as Named[]
}

export class FakeCluster {
  readonly #objects = new Map<string, JsonObject>()
  #version = 0
  /** What the replica applied last. */
  #applied: JsonObject | undefined
  /** Conditions that a patch added: `entry/condition`. */
  readonly #patched = new Set<string>()
  memory: RegistrationMemory = NO_MEMORY
  /** Revisions that there are settings for; undefined: all. */
  here: ReadonlySet<string> | undefined
  now = 0
  writes = 0

  constructor(objects: readonly JsonObject[] = []) {
    for (const object of objects) this.put(object)
  }

  put(object: JsonObject): void {
    const copy = cloneJson(object)
    const metadata = copy['metadata'] as JsonObject
    metadata['resourceVersion'] = String(++this.#version)
    this.#objects.set(String(metadata['name']), copy)
  }

  get(name: string): JsonObject | undefined {
    return this.#objects.get(name)
  }

  delete(name: string): void {
    this.#objects.delete(name)
    if (name === CONFIGURATION_NAME) this.#applied = undefined
  }

  configurations(): Configuration[] {
    return [...this.#objects.values()].map((object) => readConfiguration(object, 'istio-system'))
  }

  patch(name: string, operations: readonly PatchOperation[]): void {
    const before = this.#objects.get(name)
    if (before === undefined) throw new Error(`${name} does not exist`)
    const after = applyPatch(before, operations as never) as JsonObject
    for (const { name: entry, matchConditions } of named(after['webhooks'])) {
      const old = named(before['webhooks']).find((each) => each.name === entry)
      const had = new Set(named(old?.['matchConditions']).map((condition) => condition.name))
      for (const condition of named(matchConditions)) {
        if (!had.has(condition.name)) this.#patched.add(`${entry}/${condition.name}`)
      }
    }
    this.put(after)
  }

  apply(object: JsonObject): void {
    const { name } = object['metadata'] as Named
    const live: JsonObject = this.#objects.get(name) ?? { metadata: { name } }
    const wanted = new Map(named(object['webhooks']).map((webhook) => [webhook.name, webhook]))
    const ours = new Map(named(this.#applied?.['webhooks']).map((webhook) => [webhook.name, webhook]))
    const kept = named(live['webhooks']).filter((each) => wanted.has(each.name) || !ours.has(each.name))
    const known = new Set(kept.map((each) => each.name))
    const added = [...wanted.values()].filter((each) => !known.has(each.name))
    const webhooks = [...kept, ...added].map((entry) => {
      const wish = wanted.get(entry.name)
      return wish === undefined ? entry : this.#merge(entry, wish, ours.get(entry.name))
    })
    const metadata = { ...(live['metadata'] as JsonObject), ...(object['metadata'] as JsonObject) }
    for (const field of ['labels', 'annotations']) {
      const before = (live['metadata'] as JsonObject)[field]
      metadata[field] = { ...(before as JsonObject), ...(metadata[field] as JsonObject) }
    }
    this.#applied = object
    this.put({ ...live, metadata, webhooks })
  }

  #merge(live: Named, wish: Named, before: Named | undefined): JsonObject {
    const conditions = new Map(named(live['matchConditions']).map((each) => [each.name, each]))
    for (const { name } of named(before?.['matchConditions'])) {
      if (!this.#patched.has(`${live.name}/${name}`)) conditions.delete(name)
    }
    for (const condition of named(wish['matchConditions'])) conditions.set(condition.name, condition)
    const merged: JsonObject = { ...live, ...wish }
    merged['clientConfig'] = {
      ...(live['clientConfig'] as JsonObject),
      ...(wish['clientConfig'] as JsonObject),
    }
    if (conditions.size > 0) merged['matchConditions'] = [...conditions.values()]
    else delete merged['matchConditions']
    return merged
  }

  observed(change: Partial<RegistrationObserved> = {}): RegistrationObserved {
    return {
      configurations: this.configurations(),
      caBundle: 'T1VSUw==',
      settings: SETTINGS,
      writer: { id: 'deployment', generation: 1 },
      restoreDeleted: false,
      memory: this.memory,
      here: this.here,
      ...change,
    }
  }

  /** One round of the elected replica. */
  lead(change: Partial<RegistrationObserved> = {}): RegistrationPlan {
    const plan = planRegistration(this.observed(change), this.now)
    this.memory = plan.memory
    if (plan.action?.kind === 'apply') this.apply(plan.action.object)
    if (plan.action?.kind === 'patch') this.patch(plan.action.name, plan.action.operations)
    if (plan.action !== undefined) this.writes++
    return plan
  }

  /** Until the replica has nothing more to do. */
  settle(): void {
    for (let round = 0; round < 10; round++) if (this.lead().action === undefined) return
    throw new Error('the replica never comes to rest')
  }

  execute(step: AdoptStep): void {
    if (step.kind === 'create') this.put(step.object)
    else if (step.kind === 'patch') this.patch(step.configuration, step.operations)
    else if (step.kind === 'delete') this.delete(step.configuration)
    else if (step.kind === 'await') {
      this.settle()
      const missing = awaited(step.entries, this.configurations())
      if (missing.length > 0) throw new Error(missing.join(', '))
    }
  }
}
