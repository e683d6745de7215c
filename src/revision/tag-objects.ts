// The objects of a revision tag as Istio makes them: a webhook configuration, since 1.28 a Service, and for tag `default`
// the validating configuration of objects without a revision (contract revisions §1.5, §2.2). In: the objects of the
// revision; out: objects to apply. Marks of installers are left out: a tag belongs to the user, no installer prunes it.

import { LABEL } from '../api/names.ts'
import { isObject, type JsonObject, own, setOwn } from '../std/json.ts'
import {
  type Configuration,
  type Entry,
  NEVER_MATCH,
  objectField,
  SAVED_SELECTORS,
  STATE,
  TAKEN_OVER_STATE,
  textField,
} from './configuration.ts'
import { textsOf } from './control-plane.ts'
import { TAG_LABEL } from './discover.ts'
import { NOTE, NOTE_TEXT } from './handover.ts'
import { selectorJson } from './registration.ts'
import { type RuleEntry, webhookEntries } from './rules.ts'

export interface TagTarget {
  readonly tag: string
  readonly revision: string
  /** Of the control plane. */
  readonly namespace: string
}

/** Labels of Helm and of istioctl's installer, which do not own the tag, and what adopt said of the revision's object. */
function isForeignLabel(name: string): boolean {
  return (
    name.includes('operator.istio.io') ||
    name === 'app.kubernetes.io/managed-by' ||
    name === 'helm.sh/chart' ||
    name === STATE
  )
}

function isForeignAnnotation(name: string): boolean {
  return (
    name.startsWith('meta.helm.sh/') ||
    name.startsWith('remora.dev/') ||
    name.startsWith('cert-manager.io/') ||
    name === 'kubectl.kubernetes.io/last-applied-configuration'
  )
}

function without(object: JsonObject, drops: (name: string) => boolean): JsonObject {
  const kept: JsonObject = {}
  for (const [name, value] of Object.entries(object)) if (!drops(name)) setOwn(kept, name, value)
  return kept
}

function tagLabels(source: JsonObject, { tag, revision }: TagTarget, app: string): JsonObject {
  const labels = without(objectField(objectField(source, 'metadata'), 'labels'), isForeignLabel)
  return { ...labels, app, [LABEL.revision]: revision, [TAG_LABEL]: tag }
}

/** Name of a tag's webhook configuration, unless the user gave it another. */
export function tagConfigurationName({ tag, namespace }: TagTarget): string {
  return `istio-revision-tag-${tag}${namespace === 'istio-system' ? '' : `-${namespace}`}`
}

export interface TagWebhookOptions {
  readonly name: string
  /** Tag `default` only: also namespaces without any label. */
  readonly auto: boolean
  /** Remora injects: entries match nothing, what they would match is saved. */
  readonly deactivated: boolean
}

/** `entry` is an injection entry of the revision's own configuration: whom to call, and how. */
export function tagConfiguration(
  canonical: Configuration,
  entry: Entry,
  target: TagTarget,
  options: TagWebhookOptions,
): JsonObject {
  const rules = webhookEntries(target.tag, options.auto)
  const annotations = without(
    objectField(objectField(canonical.raw, 'metadata'), 'annotations'),
    isForeignAnnotation,
  )
  const saved = options.deactivated
    ? { [SAVED_SELECTORS]: JSON.stringify(savedOf(rules)), [NOTE]: NOTE_TEXT }
    : {}
  const all = { ...annotations, ...saved }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: options.name,
      labels: {
        ...tagLabels(canonical.raw, target, 'sidecar-injector'),
        ...(options.deactivated ? { [STATE]: TAKEN_OVER_STATE } : {}),
      },
      ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
    },
    webhooks: rules.map((rule) => tagEntry(rule, entry, options.deactivated)),
  }
}

const entryNameOf = (rule: RuleEntry): string => `${rule.name}.sidecar-injector.istio.io`

function savedOf(rules: readonly RuleEntry[]): JsonObject {
  const saved: JsonObject = {}
  for (const rule of rules) {
    saved[entryNameOf(rule)] = {
      namespaceSelector: selectorJson(rule.namespaceSelector),
      objectSelector: selectorJson(rule.objectSelector),
    }
  }
  return saved
}

function tagEntry(rule: RuleEntry, { raw }: Entry, deactivated: boolean): JsonObject {
  const namespaceSelector = deactivated ? NEVER_MATCH : rule.namespaceSelector
  const objectSelector = deactivated ? NEVER_MATCH : rule.objectSelector
  return {
    name: entryNameOf(rule),
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    reinvocationPolicy: textField(raw, 'reinvocationPolicy') || 'Never',
    clientConfig: objectField(raw, 'clientConfig'),
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    namespaceSelector: selectorJson(namespaceSelector),
    objectSelector: selectorJson(objectSelector),
  }
}

/** Selects the pods of the revision's Service; nothing but its labels gives it a meaning. */
export function tagService(service: JsonObject, target: TagTarget): JsonObject {
  const spec = objectField(service, 'spec')
  const ports = spec['ports']
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `istiod-revision-tag-${target.tag}`,
      namespace: target.namespace,
      labels: tagLabels(service, target, 'istiod'),
    },
    spec: {
      ports: (Array.isArray(ports) ? ports : [])
        .filter(isObject)
        .map((port) => without(port, (name) => name === 'nodePort')),
      selector: textsOf(objectField(spec, 'selector')),
    },
  }
}

export const VALIDATOR_NAME = 'istiod-default-validator'

/** `before`: the one that is there. Once istiod has proven its webhook it refuses what it cannot judge: that stays so. */
export function defaultValidator(
  canonical: Configuration,
  entry: Entry,
  target: TagTarget,
  before: JsonObject | undefined,
): JsonObject {
  const client = objectField(entry.raw, 'clientConfig')
  const service = objectField(client, 'service')
  const url = own(client, 'url')
  const caBundle = own(client, 'caBundle')
  const webhooks = before?.['webhooks']
  const failing = (Array.isArray(webhooks) ? webhooks : [])
    .filter(isObject)
    .some((webhook) => webhook['failurePolicy'] === 'Fail')
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: {
      name: VALIDATOR_NAME,
      labels: { ...tagLabels(canonical.raw, target, 'istiod'), istio: 'istiod' },
    },
    webhooks: [
      {
        name: 'validation.istio.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: failing ? 'Fail' : 'Ignore',
        clientConfig: {
          ...(typeof url === 'string'
            ? { url: validationUrl(url) }
            : { service: { ...without(service, (name) => name === 'port'), path: '/validate' } }),
          ...(caBundle === undefined ? {} : { caBundle }),
        },
        rules: [
          {
            apiGroups: [
              'security.istio.io',
              'networking.istio.io',
              'telemetry.istio.io',
              'extensions.istio.io',
            ],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['*'],
          },
        ],
        objectSelector: { matchExpressions: [{ key: LABEL.revision, operator: 'DoesNotExist' }] },
      },
    ],
  }
}

/** The injector's URL with the path of the validator in place of its own. */
function validationUrl(url: string): string {
  const host = /^[a-z]+:\/\/[^/]*/.exec(url)
  return `${host === null ? url : host[0]}/validate`
}
