// The overlay of one template for one pod, by the shortest way: a skeleton that was built before is filled, else the
// template is rendered and parsed as usual. Both give the same overlay or the same error; there is no second pipeline,
// only a recording of the one there is. What a hit leaves out is rendering, the structure guard and parsing.

import type { Pod } from '../../api/kube.ts'
import type { Message } from '../../api/mesh.ts'
import type { RunOptions, Template } from '../../gotemplate/template.ts'
import type { Typed } from '../../gotemplate/value.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import type { JsonObject } from '../../std/json.ts'
import type { FastPathCache } from './cache.ts'
import { buildSkeleton } from './skeleton.ts'
import { type Branch, insert, type Walk, walk } from './tree.ts'

export interface FastRequest {
  readonly cache: FastPathCache
  readonly settings: RevisionSettings
  readonly template: Template
  /** Its name in the settings. */
  readonly name: string
  readonly root: Typed
  readonly proxyConfig: Message
  /** Whose pod it is. */
  readonly namespace: string
  /** A skeleton that passed no structure guard serves no pod that must. */
  readonly structure: 'refuse' | 'istio'
  readonly deadline?: RunOptions['deadline']
}

/** Root fields that are not the same for all pods of a revision. */
const VARYING = [
  'ObjectMeta',
  'Spec',
  'DeploymentMeta',
  'TypeMeta',
  'ProxyImage',
  'NativeSidecars',
  'ProxyUID',
  'ProxyGID',
]

/** What is recorded. With a shared ProxyConfig, that is constant. */
export const RECORDED: Readonly<Record<'sharedConfig' | 'ownConfig', ReadonlySet<string>>> = {
  sharedConfig: new Set(VARYING),
  ownConfig: new Set([...VARYING, 'ProxyConfig']),
}

/** What a template lays over a pod; undefined when it renders nothing. */
export interface Laid {
  readonly overlay: JsonObject | undefined
  /** Of a hit, where they are known: what the overlay makes by itself, names only. */
  readonly names?: Pod | undefined
}

/** The overlay; `slow` renders and parses, undefined when nothing was rendered. Throws what `slow` throws. */
export function overlayFor(request: FastRequest, slow: () => JsonObject | undefined): Laid {
  const { cache, settings, structure, proxyConfig } = request
  const { root, constantConfig } = cache.programFor(settings, request.name, structure, proxyConfig)
  const walked = tryWalk(request, root)
  if (walked?.entry !== undefined) return hit(request, walked, slow)
  const overlay = slow()
  const builds = overlay !== undefined && walked !== undefined && cache.mayBuild(walked.branch, walked.met)
  const built = builds && build(request, root, constantConfig)
  cache.count(built ? 'build' : 'fallback')
  return { overlay }
}

/** Undefined when an operation failed, for whatever reason: the pipeline itself says why. */
function tryWalk(request: FastRequest, root: Branch): Walk | undefined {
  try {
    return walk(root, request.template.replay(request.root, optionsOf(request)))
  } catch {
    return undefined
  }
}

function optionsOf({ deadline }: FastRequest): RunOptions {
  return deadline === undefined ? {} : { deadline }
}

function hit(
  request: FastRequest,
  { entry, overlay }: Walk & { entry: object },
  slow: () => JsonObject | undefined,
): Laid {
  const { cache, name } = request
  if (cache.options.verifies?.() === true) {
    const wanted = plainResult(slow)
    if (wanted.text !== JSON.stringify(overlay)) {
      cache.drop(entry)
      cache.count('mismatch')
      cache.options.onMismatch?.(name)
      return { overlay: wanted.result() }
    }
  }
  cache.touch(entry)
  cache.count('hit')
  return { overlay, names: entry.skeleton.names }
}

/** What the pipeline gives, thrown errors included. */
function plainResult(slow: () => JsonObject | undefined): {
  text: string | undefined
  result: () => JsonObject | undefined
} {
  try {
    const overlay = slow()
    return { text: JSON.stringify(overlay), result: () => overlay }
  } catch (error) {
    return {
      text: undefined,
      result: () => {
        throw error
      },
    }
  }
}

/** Records the run that has just succeeded. */
function build(request: FastRequest, root: Branch, constantConfig: boolean): boolean {
  const { cache, template, namespace } = request
  const options = optionsOf(request)
  const marked = RECORDED[constantConfig ? 'sharedConfig' : 'ownConfig']
  const recording = template.record(request.root, { ...options, marked })
  if (recording === undefined) return false
  const replay = template.replay(request.root, options)
  for (const { operation, outcome } of recording.steps) if (operation(replay) !== outcome) return false
  const skeleton = buildSkeleton(recording, replay.texts)
  if (skeleton === undefined || !cache.fits(skeleton.size)) return false
  cache.add(insert(root, recording, skeleton), namespace)
  return true
}
