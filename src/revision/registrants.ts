// Who has entries in our webhook configuration, and with which selectors: each revision and tag that Istio registered
// and nobody but adopt has deactivated (design §6). In: configurations; out: one registrant a revision or tag.

import { compareGoStrings } from '../std/gojson.ts'
import { own } from '../std/json.ts'
import {
  type Configuration,
  decodeSelectors,
  type Entry,
  type Registered,
  type Selectors,
} from './configuration.ts'
import type { Rule } from './rules.ts'

export interface Registrant extends Registered {
  /** Istio's selectors by rule, as they are or were before adoption. */
  readonly selectors: Readonly<Partial<Record<Rule, Selectors>>>
  /** An entry of Istio's for the same name is live: istiod injects, and ours must stand back. */
  readonly contested: boolean
  /** What follows `/inject` in the path that Istio's entries call; empty for most. */
  readonly pairs: string
}

/**
 * In the order revisions, tags, each by name. An entry that is live counts as it is, whatever was saved before: `helm
 * upgrade` and `istioctl tag set` bring entries back with new selectors. A tag takes the place of a revision of the same
 * name (both select the same pods): `istioctl tag set default` deactivates the revision `default` in the same way.
 *
 * `here`: revisions that there are settings for. Live entries of another one stay with the istiod they call, which is
 * elsewhere; what adopt has deactivated is kept in any case, as its pods have nobody else.
 */
export function registrants(
  configurations: readonly Configuration[],
  here?: ReadonlySet<string> | undefined,
): Registrant[] {
  const istio = configurations.filter(({ owner }) => owner === 'istio')
  const found = new Map<string, Registrant>()
  for (const { entries, saved, revision } of istio) {
    const elsewhere = here !== undefined && revision !== undefined && !here.has(revision)
    for (const entry of entries) {
      const { rule, of, pairs } = entry
      if (elsewhere && entry.live) continue
      const selectors = entry.live ? entry : savedSelectors(entry, saved)
      if (rule === undefined || of === undefined || selectors === undefined) continue
      const key = `${of.kind} ${of.name}`
      const { namespaceSelector, objectSelector } = selectors
      const before = found.get(key)
      const mine = { [rule]: { namespaceSelector, objectSelector } }
      found.set(key, {
        ...of,
        selectors: entry.live ? { ...before?.selectors, ...mine } : { ...mine, ...before?.selectors },
        contested: entry.live || before?.contested === true,
        pairs: before?.pairs || pairs,
      })
    }
  }
  const all = [...found.values()]
  const live = new Set(all.filter(({ contested }) => contested).map(({ name }) => name))
  return all
    .filter(({ kind, name }) => kind === 'tag' || !found.has(`tag ${name}`))
    .map((each) => (live.has(each.name) ? { ...each, contested: true } : each))
    .sort((a, b) => compareGoStrings(`${a.kind} ${a.name}`, `${b.kind} ${b.name}`))
}

function savedSelectors(entry: Entry, saved: Configuration['saved']): Selectors | undefined {
  const selectors = saved === undefined ? undefined : own(saved, entry.name)
  return selectors === undefined ? undefined : decodeSelectors(selectors)
}

/** Whether `remora adopt` has deactivated any of Istio's entries, and not handed them back. */
export function isAdopted(configurations: readonly Configuration[]): boolean {
  return configurations.some(
    ({ entries, saved }) =>
      saved !== undefined && entries.some((entry) => !entry.live && own(saved, entry.name) !== undefined),
  )
}
