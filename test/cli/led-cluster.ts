// A small cluster with an elected replica of remora in it: before each request our webhook configuration is made as it
// should be, and what pods would meet at that moment is noted; dry-run pods are answered as the webhook answers them.

import { proofText } from '../../src/admission/proof.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  objectField,
  readConfiguration,
  textField,
} from '../../src/revision/configuration.ts'
import { NO_MEMORY, planRegistration } from '../../src/revision/registration-plan.ts'
import { injectors, type PodPlace } from '../../src/revision/route.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import type { FakeApi, FakeRequest, Fault } from '../kube/fake-api.ts'
import { startCluster } from './small-cluster.ts'

const SETTINGS = {
  namespace: 'remora-system',
  service: 'remora-injector',
  port: 443,
  failurePolicy: 'Fail',
  reinvocationPolicy: 'Never',
  timeoutSeconds: 10,
  matchConditions: [],
} as const

export class LedCluster {
  readonly api: FakeApi
  /** Whether there is an elected replica. */
  leads = true
  /** Whether its webhook answers, and as which revision if not as the tag says. */
  answers = true
  answersAs: string | undefined
  /** What the replica writes into its entries. */
  caBundle = 'Q0E='
  /** Config hashes that replicas tell when they are asked by themselves, by pod and revision. */
  hashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {}
  /** How many injectors a pod of each watched place met, whenever somebody looked. */
  readonly met = new Set<number>()
  places: readonly PodPlace[] = []

  private constructor(api: FakeApi) {
    this.api = api
    api.fault = (request) => {
      this.lead()
      for (const place of this.places) this.met.add(injectors(this.configurations(), place).length)
      return this.answerReview(request) ?? this.answerPod(request)
    }
  }

  static async start(text: string, home: string): Promise<LedCluster> {
    return new LedCluster(await startCluster(text, home))
  }

  configurations(): Configuration[] {
    const objects = this.api.all(RESOURCE.mutatingWebhookConfiguration)
    return objects.map((raw) => readConfiguration(raw, 'istio-system'))
  }

  /** Names of configurations that have a live entry. */
  live(): string[] {
    const live = this.configurations().filter(({ entries }) => entries.some((entry) => entry.live))
    return live.map(({ name }) => name).sort()
  }

  /** Who injects a pod, by `owner kind name`. */
  injectorsOf(place: PodPlace): string[] {
    const found = injectors(this.configurations(), place)
    return found.map(({ owner, of }) => `${owner} ${of?.kind} ${of?.name}`)
  }

  /** The elected replica keeps our configuration as it should be, if there is one. */
  lead(): void {
    const configurations = this.configurations()
    if (!this.leads || !configurations.some(({ name }) => name === CONFIGURATION_NAME)) return
    const writer = { id: 'd', generation: 1 }
    const { caBundle } = this
    const observed = { configurations, caBundle, settings: SETTINGS, writer, memory: NO_MEMORY }
    const { action } = planRegistration({ ...observed, restoreDeleted: false }, 0)
    if (action === undefined) return
    const raw = configurations.find(({ name }) => name === CONFIGURATION_NAME)?.raw ?? {}
    const next =
      action.kind === 'apply' ? action.object : applyPatch(raw, [...action.operations] as Operation[])
    this.api.put(RESOURCE.mutatingWebhookConfiguration, next as JsonObject)
  }

  /** Whether the user may create pods: yes. And reviews that go to a replica through the API server's proxy. */
  private answerReview({ path, body }: FakeRequest): Fault | undefined {
    if (path.endsWith('/selfsubjectaccessreviews'))
      return { status: 201, body: { status: { allowed: true } } }
    const match = /\/pods\/https:([^:]+):15017\/proxy\/revisions\/([^/]+)\/inject$/.exec(path)
    if (match === null || !isObject(body)) return undefined
    const [, pod = '', revision = ''] = match
    const hashes = this.hashes[pod]
    if (hashes === undefined) return { status: 503 }
    const object = objectField(objectField(body, 'request'), 'object')
    const nonce = textField(objectField(objectField(object, 'metadata'), 'annotations'), 'remora.dev/proof')
    const hash = hashes[revision]
    const other = proofText({ nonce: '0123456789abcdef', revision, hash: 'of another call' })
    const warnings = hash === undefined ? [other] : [other, proofText({ nonce, revision, hash })]
    return { status: 200, body: JSON.stringify({ response: { allowed: hash !== undefined, warnings } }) }
  }

  /** A dry-run pod: our entries are called for it, and give its nonce back. */
  private answerPod({ method, path, query, body }: FakeRequest): Fault | undefined {
    const dryRun = method === 'POST' && path.endsWith('/pods') && query['dryRun'] === 'All'
    if (!dryRun || !isObject(body)) return undefined
    const metadata = objectField(body, 'metadata')
    const nonce = textField(objectField(metadata, 'annotations'), 'remora.dev/proof')
    const name = /\/namespaces\/([^/]+)\//.exec(path)?.[1] ?? ''
    const revision = this.answersAs ?? this.revisionFor(name, objectField(metadata, 'labels'))
    const warning = `299 - "${proofText({ nonce, revision, hash: 'h' })}"`
    return { status: 201, body, headers: this.answers ? { warning } : {} }
  }

  private revisionFor(namespace: string, podLabels: JsonObject): string {
    const raw = this.api.all(RESOURCE.namespace).find((each) => nameOf(each) === namespace)
    const labels = objectField(objectField(raw ?? {}, 'metadata'), 'labels')
    const namespaceLabels = { ...labels, 'kubernetes.io/metadata.name': namespace } as Record<string, string>
    const place = { namespaceLabels, podLabels: podLabels as Record<string, string> }
    const of = injectors(this.configurations(), place)[0]?.of
    const tagged = this.configurations().find(({ tag, owner }) => owner === 'istio' && tag === of?.name)
    return (of?.kind === 'tag' ? tagged?.revision : of?.name) ?? 'default'
  }
}

const nameOf = (raw: JsonObject): string => textField(objectField(raw, 'metadata'), 'name')
