// The webhook configuration that remora wants: one object, one set of entries for every revision and tag, with Istio's
// own selectors (design §6). Data in, the object for server-side apply out. Makes no decision about when to write.

import type { LabelSelector } from '../api/mesh.ts'
import { IGNORED_NAMESPACES } from '../api/names.ts'
import type { JsonObject } from '../std/json.ts'
import {
  CONFIGURATION_NAME,
  entryName,
  type MatchCondition,
  NEVER_MATCH,
  NOT_YET_INJECTED,
  ownState,
  type Registered,
  type Selectors,
  STATE,
} from './configuration.ts'
import type { Registrant } from './registrants.ts'
import type { Rule } from './rules.ts'

export interface RegistrationSettings {
  /** Namespace and Service of the injector. */
  readonly namespace: string
  readonly service: string
  readonly port: number
  readonly failurePolicy: 'Fail' | 'Ignore'
  readonly reinvocationPolicy: 'Never' | 'IfNeeded'
  readonly timeoutSeconds: number
  /** CEL conditions that every entry carries besides ours. */
  readonly matchConditions: readonly MatchCondition[]
  /** `namespace/name` of cert-manager's Certificate, whose authority its CA injector writes into the entries. */
  readonly injectCaFrom?: string | undefined
}

/** How cert-manager's CA injector knows which objects are its business. */
const INJECT_CA_FROM = 'cert-manager.io/inject-ca-from'

/**
 * Annotation of our configuration while injection is handed back: whose entries let istiod go first, though istiod's are
 * not live yet. `*`, or names as `rev.canary,tag.prod`.
 */
export const STANDING_BACK = 'remora.dev/standing-back'

/** Annotation of our configuration: for whom it injects, or did before istiod's entries came back. As STANDING_BACK. */
export const TAKEN_OVER = 'remora.dev/taken-over'

/** Who wrote our configuration, as `<id>/<generation>`. */
export const WRITER = 'remora.dev/writer'

/** A rollout of remora: all replicas of one share it. */
export interface Writer {
  /** Of the Deployment: its uid. Generations of different ids cannot be compared. */
  readonly id: string
  /** Grows with every rollout, back to older versions too: the revision of the ReplicaSet. */
  readonly generation: number
}

export function readWriter(annotation: string | undefined): Writer | undefined {
  const at = annotation?.lastIndexOf('/') ?? -1
  if (annotation === undefined || at === -1) return undefined
  const generation = Number(annotation.slice(at + 1))
  return Number.isSafeInteger(generation) ? { id: annotation.slice(0, at), generation } : undefined
}

export interface Wish {
  readonly registrants: readonly Registrant[]
  /** Value of annotation STANDING_BACK on the live object. */
  readonly standingBack?: string | undefined
  /** Value of annotation TAKEN_OVER on the live object. */
  readonly takenOver?: string | undefined
  /** Base64 text, or undefined when somebody else (cert-manager) fills it in. */
  readonly caBundle: string | undefined
  /** caBundle of the live entries that have one, by name: what is kept where somebody else fills it in. */
  readonly bundled?: ReadonlyMap<string, string>
  readonly writer: Writer
  readonly settings: RegistrationSettings
}

/** How annotation STANDING_BACK and people name a revision or tag. */
export function registeredText({ kind, name }: Registered): string {
  return `${kind === 'tag' ? 'tag' : 'rev'}.${name}`
}

export function standsBack(annotation: string | undefined, registered: Registered): boolean {
  return annotation === '*' || isListed(annotation, registered)
}

export function isListed(annotation: string | undefined, registered: Registered): boolean {
  return annotation?.split(',').includes(registeredText(registered)) === true
}

/** The object to apply. Entries of a registrant that istiod serves, too, let istiod go first. */
export function wantedConfiguration(wish: Wish): JsonObject {
  const { injectCaFrom } = wish.settings
  const takenOver = takenOverBy(wish)
  const webhooks = wish.registrants.flatMap((registrant) =>
    Object.entries(registrant.selectors).map(([rule, selectors]) =>
      wantedEntry(wish, registrant, rule as Rule, selectors),
    ),
  )
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: CONFIGURATION_NAME,
      labels: {
        'app.kubernetes.io/managed-by': 'remora',
        'app.kubernetes.io/name': 'remora',
        [STATE]: ownState(
          wish.registrants.length,
          wish.registrants.filter((each) => isShadow(wish, each)).length,
        ),
      },
      annotations: {
        [WRITER]: `${wish.writer.id}/${wish.writer.generation}`,
        ...(takenOver === '' ? {} : { [TAKEN_OVER]: takenOver }),
        ...(injectCaFrom === undefined ? {} : { [INJECT_CA_FROM]: injectCaFrom }),
      },
    },
    webhooks,
  }
}

/** Once taken over, a registrant stays so until it goes or is handed back. */
function takenOverBy({ registrants, standingBack, takenOver }: Wish): string {
  return registrants
    .filter((each) => !standsBack(standingBack, each) && (!each.contested || isListed(takenOver, each)))
    .map(registeredText)
    .join(',')
}

function wantedEntry(wish: Wish, registrant: Registrant, rule: Rule, selectors: Selectors): JsonObject {
  const { settings } = wish
  const name = entryName(rule, registrant)
  const caBundle = wish.caBundle ?? keptBundle(wish, name)
  const conditions = [...settings.matchConditions, ...(isShadow(wish, registrant) ? [NOT_YET_INJECTED] : [])]
  const path = `/${registrant.kind === 'tag' ? 'tags' : 'revisions'}/${registrant.name}/inject${registrant.pairs}`
  // Without a bundle every call fails: as long as istiod does the work, ours need not be called.
  const waiting = caBundle === undefined && registrant.contested
  const { namespaceSelector, objectSelector } = waiting ? NEVER : selectors
  return {
    name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: settings.failurePolicy,
    reinvocationPolicy: settings.reinvocationPolicy,
    timeoutSeconds: settings.timeoutSeconds,
    matchPolicy: 'Equivalent',
    clientConfig: {
      service: { namespace: settings.namespace, name: settings.service, port: settings.port, path },
      ...(caBundle === undefined ? {} : { caBundle }),
    },
    rules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' },
    ],
    namespaceSelector: selectorJson(outsideOwnNamespaces(namespaceSelector, settings.namespace)),
    objectSelector: selectorJson(objectSelector ?? {}),
    ...(conditions.length === 0 ? {} : { matchConditions: conditions.map((each) => ({ ...each })) }),
  }
}

/** Istiod goes first. */
function isShadow({ standingBack }: Wish, registrant: Registrant): boolean {
  return registrant.contested || standsBack(standingBack, registrant)
}

/** All entries call one Service: a new one begins with what the others have. */
function keptBundle({ bundled }: Wish, name: string): string | undefined {
  return bundled?.get(name) ?? bundled?.values().next().value
}

const NEVER: Selectors = { namespaceSelector: NEVER_MATCH, objectSelector: NEVER_MATCH }

/** Our own pods and those of the system never wait for us: otherwise a full stop could not come back. */
function outsideOwnNamespaces(selector: LabelSelector | null, namespace: string): LabelSelector {
  const outside = {
    key: 'kubernetes.io/metadata.name',
    operator: 'NotIn',
    values: [...new Set([namespace, ...IGNORED_NAMESPACES])],
  }
  return { ...selector, matchExpressions: [...(selector?.matchExpressions ?? []), outside] }
}

export function selectorJson(selector: LabelSelector): JsonObject {
  const json: JsonObject = {}
  if (selector.matchLabels !== undefined) json['matchLabels'] = { ...selector.matchLabels }
  if (selector.matchExpressions !== undefined) {
    json['matchExpressions'] = selector.matchExpressions.map(({ key, operator, values }) => ({
      key,
      operator,
      ...(values === undefined ? {} : { values: [...values] }),
    }))
  }
  return json
}
