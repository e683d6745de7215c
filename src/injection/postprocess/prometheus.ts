// Prometheus metrics merging (contract §8.2): the application's scrape annotations move into an env variable of
// istio-proxy, and the pod is scraped through the agent instead. Spellings such as `prometheus-io/port` count too.

import type { EnvVar, Pod } from '../../api/kube.ts'
import type { Message } from '../../api/mesh.ts'
import { ANNOTATION } from '../../api/names.ts'
import { compareBytes } from '../../gotemplate/utf8.ts'
import { goJson } from '../../std/gojson.ts'
import { isObject, own, without } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { AnnotationChanges } from '../annotations.ts'
import { changeSidecar, findSidecar, withEnv } from '../containers.ts'
import { parseBool, parseJson } from '../gotext.ts'
import { envVar } from './cluster.ts'

/** Env variable of istio-proxy that holds the application's own annotations. */
export const SCRAPING_ENV = 'ISTIO_PROMETHEUS_ANNOTATIONS'
const PATH = '/stats/prometheus'

type Kind = 'scrape' | 'port' | 'path'

/** Which Prometheus annotation `name` is, once every character outside `[A-Za-z0-9_]` counts as `_`. */
function kindOf(name: string): Kind | undefined {
  if (!name.startsWith('prometheus')) return undefined
  const sanitized = name.replaceAll(/[^a-zA-Z0-9_]/gu, '_')
  if (sanitized === 'prometheus_io_scrape') return 'scrape'
  if (sanitized === 'prometheus_io_port') return 'port'
  return sanitized === 'prometheus_io_path' ? 'path' : undefined
}

interface Scraping {
  scrape?: string
  path?: string
  port?: string
}

/**
 * The pod's Prometheus annotations by kind. Where one has several spellings Istio takes any; here the last in the order
 * of names counts.
 */
function scrapingOf(annotations: Readonly<Record<string, string>>, names: readonly string[]): Scraping {
  const result: Scraping = {}
  for (const name of names) {
    const kind = kindOf(name)
    if (kind !== undefined) result[kind] = own(annotations, name) ?? ''
  }
  return result
}

/** Whether annotation `name` is one of Prometheus, however it is spelled. */
export const isScraping = (name: string): boolean => kindOf(name) !== undefined

/** The names of the Prometheus annotations among `annotations`, sorted. */
function scrapingNames(annotations: Readonly<Record<string, string>>): string[] {
  return Object.keys(annotations).filter(isScraping).sort(compareBytes)
}

/** Whether the application does not want to be scraped. Texts that are no bool say nothing. */
function isSwitchedOff(annotations: Readonly<Record<string, string>>, names: readonly string[]): boolean {
  const wishes = names
    .filter((name) => kindOf(name) === 'scrape')
    .map((name) => parseBool(own(annotations, name) ?? ''))
  return wishes.findLast((wish) => wish !== undefined) === false
}

/** Whether merging is on: the pod's annotation, else the mesh config, else yes. */
export function mergeEnabled(annotations: Readonly<Record<string, string>>, mesh: Message): boolean {
  const wish = parseBool(own(annotations, ANNOTATION.mergeMetrics) ?? '')
  if (wish !== undefined) return wish
  const setting = mesh['enablePrometheusMerge']
  return typeof setting === 'boolean' ? setting : true
}

/** A pod that knows what its application wants scraped, and the annotations that are to say what is scraped instead. */
export interface Scraped {
  readonly pod: Pod
  readonly changes: AnnotationChanges
}

const NO_CHANGES: AnnotationChanges = { removed: [], set: {} }

/** `statusPort` is that of the mesh default config. The changes are not made yet. */
export function mergePrometheus(pod: Pod, mesh: Message, statusPort: number): Scraped {
  const annotations = pod.metadata.annotations ?? {}
  const names = scrapingNames(annotations)
  const scraping = scrapingOf(annotations, names)
  const isOff = isSwitchedOff(annotations, names) || !mergeEnabled(annotations, mesh)
  if (isOff || scraping.port === String(statusPort)) return { pod, changes: NO_CHANGES }
  const { scrape = '', path = '', port = '' } = scraping
  const recorded = scrape === '' && path === '' && port === '' ? pod : record(pod, scrape, path, port)
  const set = {
    'prometheus.io/port': String(statusPort),
    'prometheus.io/path': PATH,
    'prometheus.io/scrape': 'true',
  }
  return { pod: recorded, changes: { removed: names, set } }
}

function record(pod: Pod, scrape: string, path: string, port: string): Pod {
  if (findSidecar(pod) === undefined) return pod
  const value = `{"scrape":${goJson(scrape)},"path":${goJson(path)},"port":${goJson(port)}}`
  const variable: EnvVar = envVar(SCRAPING_ENV, value)
  return changeSidecar(pod, (sidecar) => withEnv(sidecar, [...(sidecar.env ?? []), variable]))
}

/** The annotations of a pod that was injected before, without what the merge wrote then: for the template's eyes only. */
export function stripPrometheus(
  annotations: Readonly<Record<string, string>>,
  statusPort: number,
): Readonly<Record<string, string>> {
  const names = scrapingNames(annotations)
  return scrapingOf(annotations, names).port === String(statusPort)
    ? without(annotations, names)
    : annotations
}

/**
 * The inverse of the merge: `annotations` with those of the application, as `recorded` in istio-proxy, in place of ours.
 * What was taken away since then stays away.
 */
export function restoreScraping(
  annotations: Readonly<Record<string, string>>,
  recorded: string | undefined,
): Readonly<Record<string, string>> {
  if (recorded === undefined && own(annotations, 'prometheus.io/path') !== PATH) return annotations
  const originals = readScraping(recorded ?? '{}')
  const restored: Record<string, string> = { ...annotations }
  for (const [kind, ours] of [
    ['scrape', /^true$/],
    ['path', /^\/stats\/prometheus$/],
    ['port', /^\d+$/],
  ] as const) {
    const name = `prometheus.io/${kind}`
    if (!ours.test(own(annotations, name) ?? '')) continue
    const original = originals[kind] ?? ''
    if (original === '') delete restored[name]
    else restored[name] = original
  }
  return restored
}

function readScraping(text: string): Scraping {
  try {
    const value = parseJson(text)
    if (!isObject(value)) return {}
    const texts = Object.entries(value).filter(([, item]) => typeof item === 'string')
    return Object.fromEntries(texts) as Scraping
  } catch (error) {
    if (error instanceof ProblemError) return {}
    throw error
  }
}
