// Everything that injection knows of the mesh at one moment, frozen: the settings of every revision, tags, and the
// cluster. Whoever watches builds the next snapshot from the last one and swaps them by one assignment; a request works
// on one snapshot from beginning to end. A revision's config and values change only as a pair that was proven.

import type {
  ClusterView,
  InjectConfig,
  InjectorEnv,
  InjectValues,
  Message,
  RevisionInputs,
} from '../api/mesh.ts'
import type { Release } from '../api/release.ts'
import { TemplateError } from '../gotemplate/error.ts'
import type { Template } from '../gotemplate/template.ts'
import { digestHex } from '../std/crypto.ts'
import { compareGoStrings, goJson } from '../std/gojson.ts'
import { deepFreeze, own, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { readInjectConfig } from './injectconfig.ts'
import { applyMeshConfig, defaultMeshConfig } from './meshconfig.ts'
import { MESH_CONFIG } from './proto.ts'
import { writeMessage } from './proto-write.ts'
import { readValues } from './values.ts'

/** One revision, ready to inject with. */
export interface RevisionSettings {
  readonly revision: string
  readonly release: Release
  readonly env: InjectorEnv
  readonly config: InjectConfig
  readonly values: InjectValues
  readonly mesh: Message
  /** `config.templates`, ready to run. */
  readonly templates: ReadonlyMap<string, Template>
  /** SHA-256 (hex) of all of the above: equal settings have equal hashes, however their texts are laid out. */
  readonly hash: string
}

/** Throws a TemplateError for a text that is no template. */
export type CompileTemplate = (name: string, text: string) => Template

/** Tries new settings on probe pods; throws a ProblemError when they would fail real ones. */
export type Prove = (settings: RevisionSettings) => void

/** A ProblemError that says which key of the revision it is about, its text unchanged. */
function located<T>(inputs: RevisionInputs, key: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const where = { object: `revision ${inputs.revision}`, field: key, ...error.where }
    throw new ProblemError(error.code, error.message, where, error.hint)
  }
}

function compileAll(
  inputs: RevisionInputs,
  config: InjectConfig,
  compile: CompileTemplate,
): ReadonlyMap<string, Template> {
  const templates = new Map<string, Template>()
  for (const [name, text] of Object.entries(config.templates)) {
    try {
      templates.set(name, compile(name, text))
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const where = {
        object: `revision ${inputs.revision}`,
        field: `config.templates[${JSON.stringify(name)}]`,
        line: error.line,
        column: error.column,
      }
      throw new ProblemError('invalid-template', error.message, where, error.frame())
    }
  }
  return templates
}

function configHash(settings: Omit<RevisionSettings, 'hash' | 'templates'>): string {
  const { revision, release, env, config, values, mesh } = settings
  const data = goJson([revision, release, env, config, values.raw])
  return digestHex('sha256', `${data}\n${writeMessage(MESH_CONFIG, mesh)}`)
}

/**
 * The settings of a revision from its texts. Throws a ProblemError that names the key (`config`, `values`, `mesh`) and
 * carries Istio's text; what `prove` throws passes through.
 */
export function buildRevision(
  inputs: RevisionInputs,
  compile: CompileTemplate,
  prove?: Prove,
): RevisionSettings {
  const { revision, release, env } = inputs
  const config = located(inputs, 'config', () => readInjectConfig(inputs.config))
  const templates = compileAll(inputs, config, compile)
  const values = located(inputs, 'values', () => readValues(inputs.values))
  const mesh = located(inputs, 'mesh', () =>
    inputs.mesh.reduce((base, text) => applyMeshConfig(base, text, release), defaultMeshConfig(release)),
  )
  const data = deepFreeze({ revision, release, env: { ...env }, config, values, mesh })
  const settings = Object.freeze({ ...data, templates, hash: configHash(data) })
  prove?.(settings)
  return settings
}

/** `settings`: the last good ones. `problem`: why the newest texts are not in use; both are there after a bad change. */
export interface RevisionState {
  readonly settings?: RevisionSettings
  readonly problem?: ProblemError
}

export interface MeshSnapshot {
  /** Counts up with every change. */
  readonly generation: number
  /** Revision of `/inject`; empty when there is none. */
  readonly defaultRevision: string
  readonly revisions: Readonly<Record<string, RevisionState>>
  /** Tag → revision. */
  readonly tags: Readonly<Record<string, string>>
  readonly cluster: ClusterView
}

const NO_CLUSTER: ClusterView = {
  access: false,
  id: 'Kubernetes',
  nodes: [],
  namespaces: {},
  proxyConfigs: [],
}

/** The snapshot before anything is known: no revisions, no cluster. */
export const EMPTY_SNAPSHOT: MeshSnapshot = deepFreeze({
  generation: 0,
  defaultRevision: '',
  revisions: {},
  tags: {},
  cluster: NO_CLUSTER,
})

export type SnapshotChange = Partial<Pick<MeshSnapshot, 'defaultRevision' | 'tags' | 'cluster'>>

/** The next snapshot, with other facts about the cluster, tags or the default. */
export function changeSnapshot(previous: MeshSnapshot, change: SnapshotChange): MeshSnapshot {
  return Object.freeze({ ...previous, ...deepFreeze(change), generation: previous.generation + 1 })
}

function withState(previous: MeshSnapshot, name: string, state: RevisionState | undefined): MeshSnapshot {
  const revisions: Record<string, RevisionState> = {}
  for (const [other, kept] of Object.entries(previous.revisions)) {
    if (other !== name) setOwn(revisions, other, kept)
  }
  if (state !== undefined) setOwn(revisions, name, Object.freeze(state))
  return Object.freeze({
    ...previous,
    revisions: Object.freeze(revisions),
    generation: previous.generation + 1,
  })
}

/**
 * The next snapshot, with new texts for one revision. Texts that cannot be used or do not stand the proof leave the last
 * good settings in place and are reported as `problem`; the other revisions are not touched either way.
 */
export function replaceRevision(
  previous: MeshSnapshot,
  inputs: RevisionInputs,
  compile: CompileTemplate,
  prove?: Prove,
): MeshSnapshot {
  try {
    return withState(previous, inputs.revision, { settings: buildRevision(inputs, compile, prove) })
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return rejectRevision(previous, inputs.revision, error)
  }
}

/** As replaceRevision for texts that could not even be had: a key or the whole ConfigMap is missing. */
export function rejectRevision(
  previous: MeshSnapshot,
  revision: string,
  problem: ProblemError,
): MeshSnapshot {
  const last = own(previous.revisions, revision)?.settings
  return withState(previous, revision, last === undefined ? { problem } : { settings: last, problem })
}

/** The next snapshot, without a revision. */
export function removeRevision(previous: MeshSnapshot, revision: string): MeshSnapshot {
  return withState(previous, revision, undefined)
}

export interface RouteName {
  readonly kind: 'default' | 'revision' | 'tag'
  /** Of the revision or tag; not looked at for the default. */
  readonly name: string
}

function known(what: string, names: readonly string[]): string {
  if (names.length === 0) return `no ${what} is known`
  return `known ${what}s: ${[...names].sort(compareGoStrings).join(', ')}`
}

function revisionName(snapshot: MeshSnapshot, route: RouteName): string {
  if (route.kind === 'revision') return route.name
  if (route.kind === 'tag') {
    const target = own(snapshot.tags, route.name)
    if (target !== undefined) return target
    const tags = known('tag', Object.keys(snapshot.tags))
    throw new ProblemError('unknown-revision', `tag "${route.name}" does not exist; ${tags}`)
  }
  if (snapshot.defaultRevision !== '') return snapshot.defaultRevision
  const revisions = known('revision', Object.keys(snapshot.revisions))
  throw new ProblemError('unknown-revision', `there is no default revision; ${revisions}`)
}

/**
 * The settings a request gets by its route. Throws ProblemError `unknown-revision` that lists the known names, or
 * `invalid-config` for a revision that never had usable settings.
 */
export function resolveRevision(snapshot: MeshSnapshot, route: RouteName): RevisionSettings {
  const name = revisionName(snapshot, route)
  const state = own(snapshot.revisions, name)
  if (state === undefined) {
    const by = route.kind === 'tag' ? ` of tag "${route.name}"` : ''
    const revisions = known('revision', Object.keys(snapshot.revisions))
    throw new ProblemError('unknown-revision', `revision "${name}"${by} does not exist; ${revisions}`)
  }
  if (state.settings !== undefined) return state.settings
  throw new ProblemError(
    'invalid-config',
    `revision "${name}" has no usable configuration: ${state.problem?.message ?? 'none was read yet'}`,
    state.problem?.where,
    state.problem?.hint,
  )
}
