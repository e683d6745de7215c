// Pods that two or more entries inject, wherever there may be such (as Istio's analyzer tries it). In: all configurations;
// out: one example for each set of entries. Tries every combination of labels that a selector tells apart, and no other.

import { LABEL } from '../api/names.ts'
import type { Labels } from '../mesh/selector.ts'
import type { Configuration } from './configuration.ts'
import type { PodPlace, RoutedEntry } from './route.ts'
import { Router } from './router.ts'

export interface Overlap {
  readonly place: PodPlace
  readonly entries: readonly RoutedEntry[]
}

/** Label sets that two or more entries inject, one example for each set of entries. */
export function overlaps(configurations: readonly Configuration[]): Overlap[] {
  const router = new Router(configurations)
  const found = new Map<string, Overlap>()
  for (const place of places(router, namesOf(configurations))) {
    const entries = router.injectors(place)
    if (entries.length < 2) continue
    const key = entries.map(({ configuration, entry }) => `${configuration}/${entry}`).join(' ')
    if (!found.has(key)) found.set(key, { place, entries })
  }
  return [...found.values()]
}

function namesOf(configurations: readonly Configuration[]): string[] {
  const names = configurations.flatMap(({ entries }) => entries.flatMap(({ of }) => (of ? [of.name] : [])))
  return [...new Set(names)]
}

const labels = (key: string, value: string | undefined): Labels =>
  value === undefined ? {} : { [key]: value }

/** With labels of every revision and tag; of a pod's only where the entries of its namespace look at them. */
function* places(router: Router, names: readonly string[]): Generator<PodPlace> {
  for (const injection of ['enabled', undefined]) {
    for (const revision of [undefined, ...names]) {
      const namespaceLabels = { ...labels(LABEL.injection, injection), ...labels(LABEL.revision, revision) }
      const told = router.valuesOf(LABEL.revision, namespaceLabels)
      // One name stands for all that make no difference.
      const other = names.find((name) => !told.has(name))
      const asked =
        told.size === 0 ? names.slice(0, 1) : names.filter((name) => told.has(name) || name === other)
      for (const inject of ['true', undefined]) {
        for (const each of [undefined, ...asked]) {
          const podLabels = { ...labels(LABEL.inject, inject), ...labels(LABEL.revision, each) }
          yield { namespaceLabels, podLabels }
        }
      }
    }
  }
}
