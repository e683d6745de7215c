// Probe rewrite (contract §8.3): the kubelet cannot reach an application through mutual TLS, so its probes go to the
// agent, which finds the original ones in an env variable of istio-proxy. Probes of init containers and lifecycle
// handlers are treated alike; exec and sleep handlers stay.

import type { Container, EnvVar, Pod } from '../../api/kube.ts'
import { ANNOTATION, CONTAINER } from '../../api/names.ts'
import { atLeast, NEWEST, type Release } from '../../api/release.ts'
import { compareBytes } from '../../gotemplate/utf8.ts'
import { encodeOrdered } from '../../patch/encode.ts'
import { POD_TABLE, TypeTable } from '../../patch/schema.ts'
import { decode } from '../../patch/typed.ts'
import { goJson } from '../../std/gojson.ts'
import { isObject, type Json, type JsonObject, own, setOwn } from '../../std/json.ts'
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

/** Originals by agent path: `/app-health/<container>/livez` → `{httpGet: …, timeoutSeconds: …}`. */
type Probers = Readonly<Record<string, JsonObject | null>>

interface Handler {
  /** Where the handler stands in the container. */
  readonly path: readonly string[]
  readonly url: string
  readonly kinds: readonly string[]
}

const PROBE_KINDS = ['httpGet', 'tcpSocket', 'grpc']
const LIFECYCLE_KINDS = ['httpGet', 'tcpSocket']

interface Place extends Omit<Handler, 'url'> {
  /** First member of the path. */
  readonly member: string
  readonly area: 'app-health' | 'app-lifecycle'
  readonly page: string
}

function placeOfProbe(field: string, page: string): Place {
  return { member: field, path: [field], area: 'app-health', page, kinds: PROBE_KINDS }
}

function placeOfHook(field: string, page: string): Place {
  return {
    member: 'lifecycle',
    path: ['lifecycle', field],
    area: 'app-lifecycle',
    page,
    kinds: LIFECYCLE_KINDS,
  }
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

/** Handlers of `container` that may be rewritten, in the order Istio goes through them. Up to 1.24 lifecycle handlers stay. */
function handlersOf(container: Container, release: Release): Handler[] {
  const handlers: Handler[] = []
  for (const { member, path, area, page, kinds } of atLeast(release, 25) ? PROBES_AND_HOOKS : PROBES) {
    if (container[member] === undefined) continue
    handlers.push({ path, url: `/${area}/${container.name}/${page}`, kinds })
  }
  return handlers
}

function at(value: unknown, path: readonly string[]): JsonObject | undefined {
  let current = value
  for (const key of path) current = isObject(current) ? own(current, key) : undefined
  return isObject(current) ? current : undefined
}

/** Which of `kinds` the handler is: the first that it names. */
function kindOf(handler: JsonObject | undefined, kinds: readonly string[]): string | undefined {
  return handler === undefined ? undefined : kinds.find((kind) => isObject(handler[kind]))
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
    Object.keys(probers).length === 0
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
  const probers: Record<string, JsonObject | null> = {}
  for (const container of [...containersOf(pod, 'initContainers'), ...containersOf(pod, 'containers')]) {
    if (container.name === CONTAINER.proxy) continue
    for (const { path, url, kinds } of handlersOf(container, release)) {
      const handler = at(container, path)
      const kind = kindOf(handler, kinds)
      if (handler === undefined || kind === undefined) continue
      const action = resolvePort(handler[kind] as JsonObject, kind, container, statusPort)
      if (action === undefined) continue
      const timeout = path.length === 1 ? handler['timeoutSeconds'] : undefined
      setOwn(probers, url, {
        [kind]: action,
        ...(typeof timeout === 'number' ? { timeoutSeconds: timeout } : {}),
      })
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
  const keys = Object.keys(probers).sort(compareBytes)
  const parts = keys.map((key) => {
    const prober = own(probers, key) ?? null
    return `${goJson(key)}:${prober === null ? 'null' : encodeOrdered(PROBER, prober)}`
  })
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
  return env.with(index, envVar(PROBERS_ENV, probersText({ ...probers, ...existing })))
}

/** The originals in the text of the env variable; undefined when it cannot be read. */
export function readProbers(text: string): Probers | undefined {
  try {
    return (decode(PROBERS, parseJson(text)) ?? {}) as Probers
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
    for (const { path, url, kinds } of handlersOf(container, release)) {
      const handler = at(container, path)
      const kind = kindOf(handler, kinds)
      if (handler !== undefined && kind !== undefined) {
        result = put(result as JsonObject, path, redirected(handler, kind, url, port)) as unknown as Container
      }
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

function put(object: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key = '', ...rest] = path
  return { ...object, [key]: rest.length === 0 ? value : put(object[key] as JsonObject, rest, value) }
}

/** The inverse of the rewrite: handlers that still point to the agent's page get their originals back. */
export function restoreProbes(container: Container, probers: Probers): Container {
  let result = container
  for (const { path, url, kinds } of handlersOf(container, NEWEST)) {
    const handler = at(container, path)
    const prober = own(probers, url) ?? undefined
    const kind = kindOf(prober, kinds)
    if (handler === undefined || kind === undefined || at(handler, ['httpGet'])?.['path'] !== url) continue
    const { httpGet: _, ...rest } = handler
    const original = { ...rest, [kind]: prober?.[kind] ?? null }
    result = put(result as JsonObject, path, original) as unknown as Container
  }
  return result
}
