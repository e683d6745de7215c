// The overlay of one template for one pod, by the shortest way: a skeleton that was built before is filled, else the
// template is rendered and parsed as usual. Both give the same overlay or the same error; there is no second pipeline,
// only a recording of the one there is. What a hit leaves out is rendering, the structure guard and parsing.

import type { Pod } from '../../api/kube.ts'
import type { Message } from '../../api/mesh.ts'
import type { Replay } from '../../gotemplate/record.ts'
import type { RunOptions, Template } from '../../gotemplate/template.ts'
import type { Typed } from '../../gotemplate/value.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import type { JsonObject } from '../../std/json.ts'
import type { TemplateDataInput } from '../template/data.ts'
import type { FastPathCache, Program } from './cache.ts'
import { type Memo, makeMemo, recall } from './memo.ts'
import { type Names, namesOf } from './memos.ts'
import { buildSkeleton } from './skeleton.ts'
import { type Branch, type Entry, insert, type Walk, walk } from './tree.ts'

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
  const { program, constantConfig } = cache.programFor(settings, request.name, structure, proxyConfig)
  const names = namesOf(request.root.raw as TemplateDataInput)
  const recalled = names === undefined ? undefined : tryRecall(request, program, names)
  const walked = recalled ?? tryWalk(request, program)
  if (walked?.entry !== undefined) {
    const laid = hit(request, walked, slow)
    if (names !== undefined && recalled?.same !== true && cache.mayRemember(program, names)) {
      remember(request, program, names, walked.entry, constantConfig)
    }
    return laid
  }
  const overlay = slow()
  const builds = overlay !== undefined && walked !== undefined && cache.mayBuild(walked.branch, walked.met)
  const built = builds && build(request, program.root, constantConfig)
  cache.count(built ? 'build' : 'fallback')
  return { overlay }
}

/** A hit: what it is taken from, and what it gives. */
interface Hit {
  readonly entry: Entry
  readonly memo?: Memo
  readonly overlay: JsonObject
  /** Whether a memo held in full. */
  readonly same?: boolean
}

function tryRecall(request: FastRequest, program: Program, names: Names): Hit | undefined {
  const memo = program.memos.find(names)
  if (memo === undefined) return undefined
  try {
    const replay = (): Replay => request.template.replay(request.root, optionsOf(request))
    const found = recall(memo, request.root.raw as object, replay)
    if (found !== undefined) return { entry: memo.entry, memo, ...found }
  } catch {
    // The walk, and then the pipeline itself, say why.
  }
  program.memos.forgetShape(names)
  return undefined
}

/** Undefined when it is not worth it, or an operation failed, for whatever reason: the pipeline itself says why. */
function tryWalk(request: FastRequest, { root, walks }: Program): Walk | undefined {
  const { template, namespace } = request
  if (!walks.begin(namespace)) return undefined
  try {
    const walked = walk(root, template.replay(request.root, optionsOf(request)))
    if (walked.entry !== undefined) walks.found(namespace)
    return walked
  } catch {
    return undefined
  }
}

function optionsOf({ deadline }: FastRequest): RunOptions {
  return deadline === undefined ? {} : { deadline }
}

function hit(request: FastRequest, { entry, memo, overlay }: Hit, slow: () => JsonObject | undefined): Laid {
  const { cache, name } = request
  if (cache.options.verifies?.() === true) {
    const wanted = plainResult(slow)
    if (wanted.text !== JSON.stringify(overlay)) {
      cache.drop(entry)
      if (memo !== undefined) cache.drop(memo)
      cache.count('mismatch')
      cache.options.onMismatch?.(name)
      return { overlay: wanted.result() }
    }
  }
  cache.touch(entry)
  if (memo !== undefined) cache.touch(memo)
  cache.count('hit')
  return { overlay, names: entry.skeleton.names }
}

/** Root data that is the same for all pods of a program; a ProxyConfig only where it is shared. */
const CONSTANT: Readonly<Record<'sharedConfig' | 'ownConfig', ReadonlySet<string>>> = (() => {
  const settings = [
    'values',
    'mesh',
    'revision',
    'inboundTrafficPolicyMode',
    'compliancePolicy',
    'release',
  ] satisfies (keyof TemplateDataInput)[]
  return { sharedConfig: new Set([...settings, 'proxyConfig']), ownConfig: new Set(settings) }
})()

/** Keeps what the pod at hand made of the template. */
function remember(
  request: FastRequest,
  program: Program,
  names: Names,
  entry: Entry,
  constantConfig: boolean,
): void {
  const { cache, template, root, namespace } = request
  const constant = CONSTANT[constantConfig ? 'sharedConfig' : 'ownConfig']
  const memo = makeMemo(entry, root, constant, (data) => template.replay(data, optionsOf(request)))
  if (memo !== undefined) cache.addMemo(program, names, memo, namespace)
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
