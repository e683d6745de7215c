// JSON patch operations on webhook configurations, each with tests of what it takes away: a write that meets another
// object than the one it was made for is refused by the API server, and the plan is made again. Builds; never applies.

import { type Json, type JsonObject, own, setOwn } from '../std/json.ts'
import { type Configuration, type Entry, NOT_YET_INJECTED, objectField } from './configuration.ts'

export interface PatchOperation {
  readonly op: 'test' | 'add' | 'replace' | 'remove'
  readonly path: string
  readonly value?: Json
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

type Change = Readonly<Record<string, string | undefined>>

/** Sets or (undefined) removes annotations. */
export function annotate(configuration: Configuration, change: Change): PatchOperation[] {
  return changeTexts(configuration, 'annotations', change)
}

/** Sets or (undefined) removes labels. */
export function label(configuration: Configuration, change: Change): PatchOperation[] {
  return changeTexts(configuration, 'labels', change)
}

function changeTexts(
  configuration: Configuration,
  field: 'annotations' | 'labels',
  change: Change,
): PatchOperation[] {
  const present = objectField(objectField(configuration.raw, 'metadata'), field)
  const operations: PatchOperation[] = []
  const missing: JsonObject = {}
  for (const [name, value] of Object.entries(change)) {
    const path = `/metadata/${field}/${escaped(name)}`
    const before = own(present, name)
    if (before !== undefined) {
      if (before === value) continue
      operations.push({ op: 'test', path, value: before })
      operations.push(value === undefined ? { op: 'remove', path } : { op: 'replace', path, value })
    } else if (value !== undefined) {
      if (Object.keys(present).length > 0) operations.push({ op: 'add', path, value })
      else setOwn(missing, name, value)
    }
  }
  if (Object.keys(missing).length > 0) {
    operations.push({ op: 'add', path: `/metadata/${field}`, value: missing })
  }
  return operations
}

function place(configuration: Configuration, entry: Entry): string {
  return `/webhooks/${configuration.entries.indexOf(entry)}`
}

/** Still the entry that we looked at. */
function sameEntry(configuration: Configuration, entry: Entry): PatchOperation {
  return { op: 'test', path: `${place(configuration, entry)}/name`, value: entry.name }
}

/** Replaces both selectors of an entry. */
export function select(configuration: Configuration, entry: Entry, selectors: JsonObject): PatchOperation[] {
  const at = place(configuration, entry)
  const operations = [sameEntry(configuration, entry)]
  for (const field of ['namespaceSelector', 'objectSelector']) {
    const before = own(entry.raw, field)
    const value = own(selectors, field) ?? {}
    if (before !== undefined) operations.push({ op: 'test', path: `${at}/${field}`, value: before })
    operations.push({ op: before === undefined ? 'add' : 'replace', path: `${at}/${field}`, value })
  }
  return operations
}

/** Adds the condition that lets others go first; nothing where it is there. */
export function guard(configuration: Configuration, entry: Entry): PatchOperation[] {
  if (entry.guarded) return []
  const path = `${place(configuration, entry)}/matchConditions`
  const value = { ...NOT_YET_INJECTED }
  const add: PatchOperation =
    entry.conditions.length > 0
      ? { op: 'add', path: `${path}/-`, value }
      : { op: 'add', path, value: [value] }
  return [sameEntry(configuration, entry), add]
}

/** Takes conditions of these names away, the last one first; nothing where there are none. */
export function dropConditions(
  configuration: Configuration,
  entry: Entry,
  names: ReadonlySet<string>,
): PatchOperation[] {
  const path = `${place(configuration, entry)}/matchConditions`
  const places = entry.conditions.flatMap(({ name }, index) => (names.has(name) ? [index] : [])).reverse()
  if (places.length === 0) return []
  const tests = places.map((index): PatchOperation => {
    return { op: 'test', path: `${path}/${index}/name`, value: entry.conditions[index]?.name ?? '' }
  })
  const all = places.length === entry.conditions.length
  const removals = all ? [path] : places.map((index) => `${path}/${index}`)
  return [
    sameEntry(configuration, entry),
    ...tests,
    ...removals.map((each): PatchOperation => ({ op: 'remove', path: each })),
  ]
}

/** Takes away the condition that lets others go first. */
export function unguard(configuration: Configuration, entry: Entry): PatchOperation[] {
  return dropConditions(configuration, entry, new Set([NOT_YET_INJECTED.name]))
}

/** Gives an entry without a caBundle this one. */
export function bundle(configuration: Configuration, entry: Entry, caBundle: string): PatchOperation[] {
  const path = `${place(configuration, entry)}/clientConfig/caBundle`
  return [sameEntry(configuration, entry), { op: 'add', path, value: caBundle }]
}

/** Takes entries out, the last one first. */
export function dropEntries(configuration: Configuration, entries: readonly Entry[]): PatchOperation[] {
  return [...entries]
    .sort((a, b) => configuration.entries.indexOf(b) - configuration.entries.indexOf(a))
    .flatMap((entry) => [
      sameEntry(configuration, entry),
      { op: 'remove' as const, path: place(configuration, entry) },
    ])
}
