// Judges injections of pods with odd values: under the structure guard a value may change the scalars that it is meant
// for, and nothing else. What it is meant for is seen by injecting harmless values in the same place.

import { decodePod, injectPod } from '../../src/injection/inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { isObject, type Json, type JsonObject, setOwn } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { HARMLESS, PLAIN, type Slot } from '../generate/hostile.ts'
import { CLUSTER } from './settings.ts'

/** A spec by its leaves: path → value, and the paths with the kinds of their values as one text. */
interface Shape {
  readonly leaves: ReadonlyMap<string, Json>
  readonly skeleton: string
}

/** Pods that harmless values in one place make. */
export interface Harmless {
  /** Whether they change or refuse anything at all. */
  readonly matters: boolean
  /** By skeleton: one of the shapes, and the paths at which those of that skeleton differ. */
  readonly shapes: ReadonlyMap<string, { readonly shape: Shape; readonly intended: Set<string> }>
}

function shapeOf(spec: Json): Shape {
  const leaves = new Map<string, Json>()
  const walk = (value: Json, path: string): void => {
    if (Array.isArray(value)) {
      leaves.set(`${path}/#`, value.length)
      for (const [index, item] of value.entries()) walk(item, `${path}/${index}`)
    } else if (isObject(value)) {
      leaves.set(`${path}/{}`, '')
      for (const key of Object.keys(value).sort()) walk(value[key] ?? null, `${path}/${key}`)
    } else leaves.set(path, value)
  }
  walk(spec, '')
  const kinds = [...leaves].map(([path, value]) => `${path} ${path.endsWith('/#') ? value : typeof value}`)
  return { leaves, skeleton: kinds.sort().join('\n') }
}

function withTemplate(raw: JsonObject, template: string): JsonObject {
  const metadata = raw['metadata'] as JsonObject
  const annotations: JsonObject = { ...(metadata['annotations'] as JsonObject | undefined) }
  setOwn(annotations, 'inject.istio.io/templates', template)
  return { ...raw, metadata: { ...metadata, annotations } }
}

type Structure = 'refuse' | 'istio'

function inject(
  raw: JsonObject,
  settings: RevisionSettings,
  template: string,
  structure: Structure = 'refuse',
): Shape {
  const { pod } = injectPod({
    pod: decodePod(withTemplate(raw, template), 'default'),
    settings,
    cluster: CLUSTER,
    envPairs: {},
    mode: 'webhook',
    compat: 'istio',
    structure,
  })
  return shapeOf(pod.spec as unknown as Json)
}

function tried<T>(action: () => T): T | ProblemError {
  try {
    return action()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
}

/** Where so many harmless values leave the plain pod as it is, the place does not reach the template. */
const ENOUGH = 3

/** What harmless values do; undefined where `template` does not even take the plain pod. */
export function harmless(slot: Slot, settings: RevisionSettings, template: string): Harmless | undefined {
  const plain = tried(() => inject(PLAIN, settings, template))
  if (plain instanceof ProblemError) return undefined
  let refused = false
  const plainShape = { shape: plain, intended: new Set<string>() }
  const shapes = new Map([[plain.skeleton, plainShape]])
  const isUntouched = (): boolean => !refused && shapes.size === 1 && plainShape.intended.size === 0
  for (const [index, value] of HARMLESS.entries()) {
    if (index === ENOUGH && isUntouched()) return { shapes, matters: false }
    const shape = tried(() => inject(slot.put(value), settings, template))
    if (shape instanceof ProblemError) {
      refused = true
      continue
    }
    const known = shapes.get(shape.skeleton)
    if (known === undefined) shapes.set(shape.skeleton, { shape, intended: new Set() })
    else for (const path of differing(known.shape, shape)) known.intended.add(path)
  }
  return { shapes, matters: !isUntouched() }
}

function differing(a: Shape, b: Shape): string[] {
  return [...a.leaves].filter(([path, value]) => b.leaves.get(path) !== value).map(([path]) => path)
}

/** What is wrong with what `value` makes of the pod; undefined when it is refused by name, or changes nothing but itself. */
export function misbehaviour(
  value: string,
  slot: Slot,
  expected: Harmless,
  settings: RevisionSettings,
  template: string,
  structure: Structure = 'refuse',
): string | undefined {
  const got = tried(() => inject(slot.put(value), settings, template, structure))
  if (got instanceof ProblemError) return unclear(got, slot)
  const known = expected.shapes.get(got.skeleton)
  if (known === undefined) {
    const [nearest] = [...expected.shapes.values()]
      .map(({ shape }) => structureDiff(shape, got))
      .sort(byLength)
    return `structure changes: ${nearest?.slice(0, 5).join(', ')}`
  }
  const others = differing(known.shape, got).filter((path) => !known.intended.has(path))
  return others.length === 0 ? undefined : `other values change: ${others.slice(0, 5).join(', ')}`
}

const byLength = (a: readonly string[], b: readonly string[]): number => a.length - b.length

function structureDiff(a: Shape, b: Shape): string[] {
  const more = b.skeleton.split('\n').filter((line) => !a.skeleton.split('\n').includes(line))
  const fewer = a.skeleton.split('\n').filter((line) => !b.skeleton.split('\n').includes(line))
  return [...more.map((line) => `+${line}`), ...fewer.map((line) => `-${line}`)]
}

/** What the annotation of the user's own containers holds is merged without any template. */
const WITHOUT_TEMPLATE = 'proxy.istio.io/overrides'

/** Problems with what a template printed; others come before. */
const BY_TEMPLATE: readonly string[] = ['structure', 'merge-failed', 'template-failed']

/** What a refusal fails to say: the annotation or label, and the line of the template where one printed it. */
function unclear(problem: ProblemError, slot: Slot): string | undefined {
  if (slot.named === undefined) return undefined
  const text = problem.message
  const missing: string[] = []
  if (!text.includes(slot.named)) missing.push(slot.named)
  const byTemplate = slot.named !== WITHOUT_TEMPLATE && BY_TEMPLATE.includes(problem.code)
  if (byTemplate && !/line \d+|inject:\d+:\d+/.test(text)) missing.push('the line of the template')
  return missing.length === 0
    ? undefined
    : `refused without naming ${missing.join(' and ')}: ${text.slice(0, 300)}`
}
