// Who depends on a revision tag: namespaces and pods that it selects, and Gateways that change hands with it at once
// (contract revisions §2.4, §4.4). In: objects with labels; out: names, for people who are about to change the tag.

import { LABEL } from '../api/names.ts'
import type { Labels } from '../mesh/selector.ts'
import { own } from '../std/json.ts'
import { askedRevision } from './route.ts'
import { DEFAULT } from './rules.ts'

export interface PlacedObject {
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
}

export interface Users {
  readonly namespaces: readonly { readonly name: string; readonly labels: Labels }[]
  readonly pods: readonly PlacedObject[]
  /** Gateway API objects. */
  readonly gateways: readonly PlacedObject[]
}

export interface Dependants {
  /** Whose new pods the tag's revision injects. */
  readonly namespaces: readonly string[]
  /** `namespace/name` of pods that ask for it by their own labels, in namespaces that do not. */
  readonly pods: readonly string[]
  /** `namespace/name` of Gateways that its revision renders. */
  readonly gateways: readonly string[]
}

export function dependantsOf(tag: string, { namespaces, pods, gateways }: Users): Dependants {
  const labelsOf = new Map(namespaces.map(({ name, labels }) => [name, labels]))
  const selected = namespaces.filter(({ labels }) => usesTag(labels, tag)).map(({ name }) => name)
  const place = ({ namespace, name }: PlacedObject): string => `${namespace}/${name}`
  return {
    namespaces: [...selected].sort(),
    pods: pods
      .filter(({ namespace, labels }) => {
        const around = labelsOf.get(namespace) ?? {}
        return !usesTag(around, tag) && selectsPod(tag, around, labels)
      })
      .map(place)
      .sort(),
    gateways: gateways
      .filter((gateway) => {
        const around = labelsOf.get(gateway.namespace) ?? {}
        const owner = own(gateway.labels, LABEL.revision) ?? own(around, LABEL.revision) ?? DEFAULT
        return owner === tag
      })
      .map(place)
      .sort(),
  }
}

/** Whether a namespace of these labels chooses the tag. Label istio-injection, where there is one, decides alone. */
export function usesTag(labels: Labels, tag: string): boolean {
  const injection = own(labels, LABEL.injection)
  if (injection !== undefined) return tag === DEFAULT && injection === 'enabled'
  return own(labels, LABEL.revision) === tag
}

function selectsPod(tag: string, namespaceLabels: Labels, podLabels: Labels): boolean {
  if (own(namespaceLabels, LABEL.injection) !== undefined) return false
  const asked = askedRevision({ namespaceLabels, podLabels })
  if (asked !== undefined) return asked === tag
  return tag === DEFAULT && own(podLabels, LABEL.inject) === 'true'
}
