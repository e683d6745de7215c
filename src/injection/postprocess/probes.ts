// Probe rewrite (contract §8.3): the kubelet cannot reach an application through mutual TLS, so its probes go to the
// agent, which finds the original ones in an env variable of istio-proxy. Probes of init containers and lifecycle
// handlers are treated alike; exec and sleep handlers stay.

import type { Container, EnvVar, Pod } from '../../api/kube.ts'
import { ANNOTATION, CONTAINER } from '../../api/names.ts'
import { atLeast, NEWEST, type Release } from '../../api/release.ts'
import { compareBytes } from '../../gotemplate/utf8.ts'
import { encodeCanonical } from '../../patch/encode.ts'
import { POD_TABLE, TypeTable } from '../../patch/schema.ts'
import { decode } from '../../patch/typed.ts'
import { goJson } from '../../std/gojson.ts'
import { isObject, type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { changeAll, changeSidecar, containersOf, findSidecar, withEnv } from '../containers.ts'
import { atoiOrZero, parseBool, parseJson } from '../gotext.ts'
import { statusOf } from '../status.ts'
import { envVar } from './cluster.ts'

export const PROBERS_ENV = 'ISTIO_KUBE_APP_PROBERS'

const TYPES = new TypeTable(
  `Prober: httpGet/HTTPGet:*HTTPGetAction tcpSocket/TCPSocket:*TCPSocketAction grpc/GRPC:*GRPCAction timeoutSeconds:int32
KubeAppProbers: probers:map[string]*Prober`,
  POD_TABLE,
)
const PROBER = TYPES.type('Prober')
const PROBERS = TYPES.type('map[string]*Prober')

/**
 * Originals by agent path: `/app-health/<container>/livez` → `{httpGet: …, timeoutSeconds: …}`. No object: for keys that none
 * had before V8 makes hidden classes, which outlive the request.
 */
type Probers = ReadonlyMap<string, JsonObject | null>

/** Where a handler stands in a container: a member, and what is in it. */
interface Place {
  readonly member: string
  readonly inside: string | undefined
  readonly area: 'app-health' | 'app-lifecycle'
  readonly page: string
  readonly kinds: readonly string[]
}

/** A handler that may be rewritten. */
interface Handler {
  readonly place: Place
  readonly value: JsonObject
  /** Which of the place's kinds it is. */
  readonly kind: string
  /** Path of the agent's page that stands for it. */
  readonly url: string
}

const PROBE_KINDS = ['httpGet', 'tcpSocket', 'grpc']
const LIFECYCLE_KINDS = ['httpGet', 'tcpSocket']

function placeOfProbe(member: string, page: string): Place {
  return { member, inside: undefined, area: 'app-health', page, kinds: PROBE_KINDS }
}

function placeOfHook(inside: string, page: string): Place {
  return { member: 'lifecycle', inside, area: 'app-lifecycle', page, kinds: LIFECYCLE_KINDS }
}

const PROBES = [
  placeOfProbe('readinessProbe', 'readyz'),
  placeOfProbe('livenessProbe', 'livez'),
  placeOfProbe('startupProbe', 'startupz'),
]
const PROBES_AND_HOOKS = [
  ...PROBES,
  placeOfHook('preStop', 'prestopz'),
  placeOfHook('postStart', 'poststartz'),
]

/** Places of handlers, in the order Istio goes through them. Up to 1.24 lifecycle handlers stay. */
function placesFor(release: Release): readonly Place[] {
  return atLeast(release, 25) ? PROBES_AND_HOOKS : PROBES
}

/** What stands at `place`, an object. */
function at(container: JsonObject, { member, inside }: Place): JsonObject | undefined {
  const value = container[member]
  if (!isObject(value)) return undefined
  const found = inside === undefined ? value : own(value, inside)
  return isObject(found) ? found : undefined
}

function urlOf({ area, page }: Place, container: Container): string {
  return `/${area}/${container.name}/${page}`
}

/** Which of `kinds` the handler is: the first that it names. */
function kindOf(handler: JsonObject | undefined, kinds: readonly string[]): string | undefined {
  if (handler === undefined) return undefined
  for (const kind of kinds) if (isObject(handler[kind])) return kind
  return undefined
}

/** The handlers of `container` that may be rewritten, in their order. */
function handlersOf(container: Container, release: Release): Handler[] {
  const handlers: Handler[] = []
  for (const place of placesFor(release)) {
    const value = at(container as JsonObject, place)
    const kind = kindOf(value, place.kinds)
    if (value === undefined || kind === undefined) continue
    handlers.push({ place, value, kind, url: urlOf(place, container) })
  }
  return handlers
}

/** Whether probes are rewritten: the pod's annotation if it is a bool, else `setting` from values. */
export function shouldRewrite(annotations: Readonly<Record<string, string>>, setting: boolean): boolean {
  return parseBool(own(annotations, ANNOTATION.rewriteProbers) ?? '') ?? setting
}

export interface RewriteInput {
  readonly statusPort: number
  /** Values `sidecarInjectorWebhook.rewriteAppHTTPProbe`. */
  readonly setting: boolean
  readonly release: Release
}

export function rewriteProbes(pod: Pod, input: RewriteInput): Pod {
  if (findSidecar(pod) === undefined) return pod
  if (!shouldRewrite(pod.metadata.annotations ?? {}, input.setting)) return pod
  const probers = collectProbers(pod, input.statusPort, input.release)
  const recorded =
    probers.size === 0
      ? pod
      : changeSidecar(pod, (sidecar) => {
          const env = sidecar.env ?? []
          const changed = addProbers(env, probers, statusOf(pod) !== undefined, input.release)
          return changed === env ? sidecar : withEnv(sidecar, changed)
        })
  return redirectProbes(recorded, input.statusPort, input.release)
}

/**
 * The originals of all rewritable handlers, init containers first. One with an unknown named port or with the status
 * port (rewritten before) is left out. The last of two containers with one name wins.
 */
export function collectProbers(pod: Pod, statusPort: number, release: Release): Probers {
  const probers = new Map<string, JsonObject | null>()
  for (const container of [...containersOf(pod, 'initContainers'), ...containersOf(pod, 'containers')]) {
    if (container.name === CONTAINER.proxy) continue
    for (const { place, value, kind, url } of handlersOf(container, release)) {
      const action = resolvePort(value[kind] as JsonObject, kind, container, statusPort)
      if (action === undefined) continue
      const prober: JsonObject = { [kind]: action }
      const timeout = place.inside === undefined ? value['timeoutSeconds'] : undefined
      if (typeof timeout === 'number') prober['timeoutSeconds'] = timeout
      probers.set(url, prober)
    }
  }
  return probers
}

/** `action` with its port as a number; undefined when it is not to be recorded. gRPC ports are taken as they are. */
function resolvePort(
  action: JsonObject,
  kind: string,
  container: Container,
  statusPort: number,
): JsonObject | undefined {
  if (kind === 'grpc') return action
  const port = action['port']
  if (typeof port !== 'string') return port === statusPort ? undefined : action
  if (port === '') return undefined
  const found = (container.ports ?? []).findLast((candidate) => candidate.name === port)
  return found === undefined ? undefined : { ...action, port: found.containerPort }
}

/** `ISTIO_KUBE_APP_PROBERS` as text, keys in byte order. */
export function probersText(probers: Probers): string {
  const keys = [...probers.keys()].sort(compareBytes)
  const parts = keys.map((key) => `${goJson(key)}:${encodeCanonical(PROBER, probers.get(key) ?? null)}`)
  return `{${parts.join(',')}}`
}

/**
 * Puts the originals into the env of istio-proxy. On a pod that was injected before they join those that are there,
 * which win: its probes point to the agent already. What cannot be read is left alone.
 */
export function addProbers(
  env: EnvVar[],
  probers: Probers,
  injectedBefore: boolean,
  release: Release,
): EnvVar[] {
  const added = envVar(PROBERS_ENV, probersText(probers))
  if (!injectedBefore) return [...env, added]
  const index = env.findIndex((variable) => variable.name === PROBERS_ENV)
  if (index === -1) return atLeast(release, 27) ? [...env, added] : env
  const existing = readProbers(env[index]?.value ?? '')
  if (existing === undefined) return env
  return env.with(index, envVar(PROBERS_ENV, probersText(new Map([...probers, ...existing]))))
}

/** The originals in the text of the env variable; undefined when it cannot be read. */
export function readProbers(text: string): Probers | undefined {
  try {
    return new Map(
      Object.entries((decode(PROBERS, parseJson(text)) ?? {}) as Record<string, JsonObject | null>),
    )
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Points every rewritable handler to the agent, also those that are not recorded. */
export function redirectProbes(pod: Pod, statusPort: number, release: Release): Pod {
  const port = agentPort(pod, statusPort)
  return changeAll(pod, (container) => {
    if (container.name === CONTAINER.proxy) return container
    let result = container
    for (const { place, value, kind, url } of handlersOf(container, release)) {
      result = put(result, place, redirected(value, kind, url, port))
    }
    return result
  })
}

/** The port from annotation `status.sidecar.istio.io/port`, 0 where it is no plain number, cut to 32 bits as Go does. */
function agentPort(pod: Pod, statusPort: number): number {
  const text = own(pod.metadata.annotations ?? {}, ANNOTATION.statusPort)
  return text === undefined ? statusPort : Number(BigInt.asIntN(32, atoiOrZero(text)))
}

function redirected(handler: JsonObject, kind: string, url: string, port: number): JsonObject {
  if (kind !== 'httpGet') {
    const { [kind]: _, ...rest } = handler
    return { ...rest, httpGet: { path: url, port } }
  }
  const action = handler[kind] as JsonObject
  const scheme = action['scheme'] === 'HTTPS' ? { scheme: 'HTTP' } : {}
  return { ...handler, httpGet: { ...action, ...scheme, path: url, port } }
}

function put(container: Container, { member, inside }: Place, value: JsonObject): Container {
  const whole = inside === undefined ? value : { ...(container[member] as JsonObject), [inside]: value }
  return { ...container, [member]: whole }
}

/** The inverse of the rewrite: handlers that still point to the agent's page get their originals back. */
export function restoreProbes(container: Container, probers: Probers): Container {
  let result = container
  for (const { place, value, url } of handlersOf(container, NEWEST)) {
    const prober = probers.get(url) ?? undefined
    const kind = kindOf(prober, place.kinds)
    const action = value['httpGet']
    if (kind === undefined || !isObject(action) || action['path'] !== url) continue
    const { httpGet: _, ...rest } = value
    result = put(result, place, { ...rest, [kind]: prober?.[kind] ?? null })
  }
  return result
}
