// Istio's webhook objects in small: what tests of revisions, tags and registration start from.

import type { CheckInputs } from '../../src/revision/check.ts'
import { type Configuration, readConfiguration, SAVED_SELECTORS } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'

const ABSENT = (key: string): JsonObject => ({ key, operator: 'DoesNotExist' })
const IN = (key: string, value: string): JsonObject => ({ key, operator: 'In', values: [value] })
const NOT_FALSE: JsonObject = { key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false'] }
const NEVER: JsonObject = { matchLabels: { 'istio.io/deactivated': 'never-match' } }

function entry(rule: string, namespace: JsonObject[], object: JsonObject[], live: boolean): JsonObject {
  return {
    name: `${rule}.sidecar-injector.istio.io`,
    clientConfig: {
      service: { name: 'istiod', namespace: 'istio-system', path: '/inject' },
      caBundle: 'Q0E=',
    },
    namespaceSelector: live ? { matchExpressions: namespace } : NEVER,
    objectSelector: live ? { matchExpressions: object } : NEVER,
  }
}

export interface IstioObjectOptions {
  readonly name: string
  readonly revision: string
  readonly tag?: string
  /** With the rules of the default revision. */
  readonly isDefault?: boolean
  readonly live?: boolean
  readonly annotations?: JsonObject
}

/** One of Istio's configurations as its charts render it. */
export function istioObject(options: IstioObjectOptions): JsonObject {
  const { name, revision, tag, isDefault = false, live = true, annotations } = options
  const who = tag ?? revision
  const entries = [
    entry('rev.namespace', [IN('istio.io/rev', who), ABSENT('istio-injection')], [NOT_FALSE], live),
    entry(
      'rev.object',
      [ABSENT('istio.io/rev'), ABSENT('istio-injection')],
      [NOT_FALSE, IN('istio.io/rev', who)],
      live,
    ),
  ]
  if (isDefault) {
    entries.push(entry('namespace', [IN('istio-injection', 'enabled')], [NOT_FALSE], live))
    const wanted = IN('sidecar.istio.io/inject', 'true')
    entries.push(
      entry(
        'object',
        [ABSENT('istio-injection'), ABSENT('istio.io/rev')],
        [wanted, ABSENT('istio.io/rev')],
        live,
      ),
    )
  }
  return {
    metadata: {
      name,
      labels: { 'istio.io/rev': revision, ...(tag === undefined ? {} : { 'istio.io/tag': tag }) },
      ...(annotations === undefined ? {} : { annotations }),
    },
    webhooks: entries,
  }
}

export function istioConfiguration(options: IstioObjectOptions): Configuration {
  return readConfiguration(istioObject(options), 'istio-system')
}

/** Annotations of an object that adopt deactivated while it looked like `configuration`. */
export function savedBy(configuration: Configuration): JsonObject {
  const saved = configuration.entries.map(({ name, raw }) => [
    name,
    { namespaceSelector: raw['namespaceSelector'], objectSelector: raw['objectSelector'] },
  ])
  return { [SAVED_SELECTORS]: JSON.stringify(Object.fromEntries(saved)) }
}

/** What `check` is told of a cluster where nothing runs and nothing is answered. */
export const NOTHING_CHECKED: Omit<CheckInputs, 'now' | 'configurations' | 'discovery'> = {
  namespaces: [],
  pods: [],
  decide: () => undefined,
  endpoints: new Map(),
  certificates: [],
  settings: new Map(),
  bundles: new Map(),
  replicas: [],
  proofs: [],
}
