// What others added to injected containers since an earlier injection: fields, env variables, mounts, devices and ports.
// The record of that injection tells by checksum what it wrote itself; without one, what the templates write now counts
// as ours. Pods are never changed.

import type { Container, Pod } from '../api/kube.ts'
import { type JsonObject, own } from '../std/json.ts'
import { remembering } from '../std/remember.ts'
import { checksum } from './change.ts'
import { CONTAINER_LISTS, changeContainer, containersOf, findContainer } from './containers.ts'
import { PROBERS_ENV } from './postprocess/probes.ts'
import { SCRAPING_ENV } from './postprocess/prometheus.ts'
import { partsKey, recordOf } from './record.ts'
import { readStatus, statusOf } from './status.ts'

/** Written by post-processing, and never by others. */
const OWN_ENV: readonly string[] = [PROBERS_ENV, SCRAPING_ENV]

/** Injected containers have the same parts in pod after pod. */
const KEPT = { most: 4096, longest: 256 }
const partOfField = remembering(checksum, KEPT)

/** A list in a container whose items others add to. */
interface PartList {
  readonly field: string
  /** What names an item. */
  readonly key: string
  /** The checksum of an item of that name. */
  readonly partOf: (name: string) => string
}

function partList(field: string, key: string): PartList {
  return { field, key, partOf: remembering((name) => checksum([field, name]), KEPT) }
}

const PART_LISTS: ReadonlyMap<string, PartList> = new Map(
  [
    partList('env', 'name'),
    partList('volumeMounts', 'mountPath'),
    partList('volumeDevices', 'devicePath'),
    partList('ports', 'containerPort'),
  ].map((list) => [list.field, list]),
)

function itemsOf(container: Container, field: string): readonly JsonObject[] {
  const list = container[field]
  return Array.isArray(list) ? (list as JsonObject[]) : []
}

function partOfItem({ field, key, partOf }: PartList, item: JsonObject): string {
  const name = item[key] ?? null
  return typeof name === 'string' ? partOf(name) : checksum([field, name])
}

/** Checksums of the fields and list items of a container. */
function partsOf(container: Container): string[] {
  const fields = Object.keys(container).map(partOfField)
  const items = [...PART_LISTS.values()].flatMap((list) =>
    itemsOf(container, list.field).map((item) => partOfItem(list, item)),
  )
  return [...fields, ...items]
}

export interface Carried {
  readonly pod: Pod
  /** By container: the parts that were carried over. */
  readonly parts: ReadonlyMap<string, readonly string[]>
}

/**
 * `fresh` with what others added to injected containers of `incoming` since the last injection: fields, env variables,
 * mounts, devices and ports that neither we wrote then nor the templates write now.
 */
export function carryForeign(fresh: Pod, incoming: Pod | undefined, envNames: readonly string[]): Carried {
  const parts = new Map<string, readonly string[]>()
  const status = incoming === undefined ? undefined : readStatus(statusOf(incoming) ?? '')
  if (incoming === undefined || status === undefined) return { pod: fresh, parts }
  const record = recordOf(incoming)
  let pod = fresh
  for (const list of CONTAINER_LISTS) {
    for (const name of status[list]) {
      const before = findContainer(containersOf(incoming, list), name)
      const key = partsKey(list, name)
      if (before === undefined || record?.own.includes(key)) continue
      const known = knownParts(own(record?.parts ?? {}, key))
      pod = changeContainer(pod, list, name, (container) => {
        const carried = carry(container, before, known, envNames, pod)
        const added = partsOf(carried).filter((part) => !partsOf(container).includes(part))
        parts.set(key, added)
        return carried
      })
    }
  }
  return { pod, parts }
}

const CHECKSUM_LENGTH = 8

function knownParts(text: unknown): ReadonlySet<string> {
  const parts = new Set<string>()
  if (typeof text !== 'string') return parts
  for (let at = 0; at < text.length; at += CHECKSUM_LENGTH) parts.add(text.slice(at, at + CHECKSUM_LENGTH))
  return parts
}

function carry(
  fresh: Container,
  before: Container,
  known: ReadonlySet<string>,
  envNames: readonly string[],
  pod: Pod,
): Container {
  let result = fresh
  for (const [field, value] of Object.entries(before)) {
    const list = PART_LISTS.get(field)
    if (list !== undefined) {
      const items = itemsOf(before, field).filter((item) => !known.has(partOfItem(list, item)))
      const foreign = items.filter((item) => isForeign(item, list, result, envNames, pod))
      if (foreign.length > 0) result = { ...result, [field]: [...itemsOf(result, field), ...foreign] }
    } else if (!Object.hasOwn(fresh, field) && !known.has(partOfField(field))) {
      result = { ...result, [field]: value }
    }
  }
  return result
}

function isForeign(
  item: JsonObject,
  { field, key }: PartList,
  container: Container,
  envNames: readonly string[],
  pod: Pod,
): boolean {
  const name = item[key]
  if (itemsOf(container, field).some((other) => other[key] === name)) return false
  if (field === 'env') return ![...OWN_ENV, ...envNames].includes(String(name))
  if (field !== 'volumeMounts') return true
  return (pod.spec.volumes ?? []).some((volume) => volume.name === item['name'])
}

/** Checksums, run together, of the parts of `container` that are not among `foreign`. */
export function writtenParts(container: Container, foreign: readonly string[]): string {
  const written = partsOf(container).filter((part) => !foreign.includes(part))
  return written.sort().join('')
}
