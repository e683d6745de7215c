// One injection, as a composed pipeline (contract, "Pipeline of one injection"): user reset → validation → render and
// merge each template → the user's own containers again → post-processing. In goes a decoded pod that was decided to be
// injected, with the settings of one revision; out comes the pod with its sidecar. Pure: nothing is changed, parts that
// stay the same are shared with the input, so that the patch can skip them.

import type { Pod } from '../api/kube.ts'
import type { Message } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import type { Rendered, Template } from '../gotemplate/template.ts'
import type { Typed } from '../gotemplate/value.ts'
import { applyProxyConfig } from '../mesh/proxyconfig.ts'
import type { MemberOrder } from '../patch/field-names.ts'
import { POD } from '../patch/schema.ts'
import { decode, decodeShared } from '../patch/typed.ts'
import { type Json, type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { finished, type Steps } from '../std/steps.ts'
import { changeAnnotations } from './annotations.ts'
import { withSource } from './blame.ts'
import { type Context, type ContextInput, contextOf } from './context.ts'
import type { FastPathCache } from './fast/cache.ts'
import { type Laid, overlayFor } from './fast/overlay.ts'
import { sparsePod } from './fast/sparse.ts'
import { type Carried, carryForeign } from './foreign.ts'
import { adjustInitUser } from './init-user.ts'
import { mergePod, readOverlay } from './merge.ts'
import { moveForNative, nativeFor } from './native-move.ts'
import { resetProxyUser } from './openshift.ts'
import { isAllSeen, namesMade } from './overlay-names.ts'
import { reapplyContainers, strippedPod } from './overrides.ts'
import { applyClusterEnv } from './postprocess/cluster.ts'
import { applyMetadata } from './postprocess/metadata.ts'
import { orderContainers } from './postprocess/order.ts'
import { rewriteProbes } from './postprocess/probes.ts'
import { mergePrometheus } from './postprocess/prometheus.ts'
import { POD_DERIVED, renderTemplate, rootData, templateNamed } from './render.ts'
import { restorePod, withRecord } from './restore.ts'
import { selectTemplates } from './select.ts'
import type { InjectionStage } from './stage.ts'
import { checkStructure } from './structure.ts'
import { validateAnnotations } from './validate.ts'

export interface InjectionParams extends ContextInput {
  /** As `decodePod` returns it. */
  readonly pod: Pod
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
  readonly deadline?: { readonly now: () => number; readonly at: number }
  /** Told of every stage as it is reached, for explanations. */
  readonly observe?: (stage: InjectionStage) => void
  /** What templates rendered before, for the webhook; without it every template runs. */
  readonly fastPath?: FastPathCache
}

/** Both pods may lack annotations that are the same in both, where there was a fast path (fast/sparse.ts). */
export interface InjectionResult {
  /** What the patch is relative to: the incoming pod, its proxy user reset on OpenShift. */
  readonly base: Pod
  readonly pod: Pod
  /** Names of the templates, in the order they were laid over the pod. */
  readonly templates: readonly string[]
  /** What the user should know, though nothing is refused. */
  readonly warnings: readonly string[]
}

/**
 * The incoming pod in canonical form: typed, without managedFields, in `namespace` where it names none.
 * Throws a ProblemError with Go's text when it is no pod; of several misfits the first in `order` is named.
 * `isShared`: it may have parts that `rememberDecoded` knows.
 */
export function decodePod(
  raw: Json,
  namespace: string,
  order: MemberOrder = 'sorted',
  isShared = false,
): Pod {
  const pod = ((isShared ? decodeShared : decode)(POD, raw, order) ?? decode(POD, {})) as unknown as Pod
  const { managedFields, ...metadata } = pod.metadata
  if (managedFields === undefined && ((metadata.namespace ?? '') !== '' || namespace === '')) return pod
  return { ...pod, metadata: metadata.namespace ? metadata : { ...metadata, namespace } }
}

/** Injects `params.pod`. Throws a ProblemError whose message is Istio's. */
export function injectPod(params: InjectionParams): InjectionResult {
  return finished(injectInSteps(params))
}

/** As `injectPod`, in steps. The deadline's clock is looked at in the first of them only. */
export function* injectInSteps(params: InjectionParams): Steps<InjectionResult> {
  const { settings } = params
  const openshift = params.mode === 'webhook' && own(settings.env, 'PLATFORM') === 'openshift'
  const base = openshift ? resetProxyUser(params.pod, settings.release) : params.pod
  if (params.compat === 'istio') {
    const { from, pod, templates } = yield* injectOnce(params, base)
    return { base: from, pod, templates, warnings: warningsOf(base) }
  }
  const restored = failing('failed to run injection template', () => restorePod(base))
  const { pod, templates, carried } = yield* injectOnce(params, restored, base)
  const recorded = withRecord({ pod, restored, carried, hash: settings.hash })
  return { base, pod: recorded, templates, warnings: warningsOf(base) }
}

interface Injected {
  /** The incoming pod, which may be sparse. */
  readonly from: Pod
  readonly pod: Pod
  readonly templates: readonly string[]
  readonly carried: Carried
}

/** `seen`: the pod as it came, where `incoming` was restored from it and others may have added to injected containers. */
function* injectOnce(params: InjectionParams, incoming: Pod, seen: Pod = incoming): Steps<Injected> {
  const { settings } = params
  const { context, made } = templatesOn(params, incoming)
  yield
  const reapplied = failing('failed to re apply container', () => {
    const merged = reapplyContainers({ incoming, template: made.template, merged: made.merged })
    return adjustInitUser(merged, incoming, context.proxyConfig, settings.release)
  })
  params.observe?.({ kind: 'containers', pod: reapplied })
  const carried = carryForeign(reapplied, seen === incoming ? undefined : seen, Object.keys(context.pairs))
  const pod = failing('failed to process pod', () => postProcess(carried.pod, made, params, context))
  return { from: made.from, pod, templates: made.names, carried }
}

/** The templates on `incoming`; a refusal names the annotation or label behind it, where the guard is on. */
function templatesOn(params: InjectionParams, incoming: Pod): { context: Context; made: Made } {
  const run = (pod: Pod, by: InjectionParams) => {
    const context = contextOf(by, pod)
    return { context, made: failing('failed to run injection template', () => runTemplates(by, context)) }
  }
  try {
    return run(incoming, params)
  } catch (error) {
    if (!(error instanceof ProblemError) || params.structure === 'istio') throw error
    const { observe: _, fastPath: __, ...plain } = params
    throw withSource(error, incoming, (pod, observe) => {
      run(pod, observe === undefined ? plain : { ...plain, observe })
    })
  }
}

interface Made {
  readonly names: readonly string[]
  /** What the templates make by themselves. */
  readonly template: Pod
  /** The incoming pod, which may be sparse. */
  readonly from: Pod
  /** The pod with the templates merged. */
  readonly merged: Pod
}

function runTemplates(params: InjectionParams, context: Context): Made {
  const { settings } = params
  const { incoming } = context
  const problem = validateAnnotations(incoming.metadata.annotations ?? {}, settings.release)
  if (problem !== undefined) throw new ProblemError('invalid-annotation', problem)
  const stripped = strippedPod(incoming, context.statusPort)
  const root = rootData({ ...context, stripped, settings })
  const names = selectTemplates(incoming, settings.config)
  let template = decode(POD, {}) as unknown as Pod
  let from = incoming
  let merged = incoming
  for (const name of names) {
    const last: { rendered?: Rendered } = {}
    const { overlay, names: made } = overlayOf({ params, context, root, name, merged, last })
    if (overlay === undefined) continue
    if (fastPathOf(params) !== undefined && params.compat === 'istio' && names.length === 1) {
      from = sparsePod(incoming, overlay, settings.config.injectedAnnotations)
      merged = from
    }
    const before = template
    const merging = (): Pod => failing('failed applying injection overlay', () => mergePod(before, overlay))
    // What is asked of the templates' own pod is its names.
    const known = names.length === 1 ? (made ?? namesMade(overlay)) : undefined
    template = known ?? merging()
    merged = moveForNative(merged, template, nativeFor(merged, context.nativeSidecars, settings.release))
    if (known !== undefined && made === undefined && !isAllSeen(merged, overlay)) merging()
    try {
      merged = mergePod(merged, overlay)
    } catch (error) {
      // An overlay that does not even fit by itself is refused as that.
      if (known !== undefined) merging()
      throw prefixed(
        'failed parsing generated injected YAML (check Istio sidecar injector configuration)',
        error,
      )
    }
    if (last.rendered !== undefined) {
      params.observe?.({ kind: 'template', name, rendered: last.rendered, pod: merged })
    }
  }
  return { names, template, from, merged }
}

interface Rendering {
  readonly params: InjectionParams
  readonly context: Context
  readonly root: Typed
  readonly name: string
  /** The pod with the templates before this one merged. */
  readonly merged: Pod
  /** Gets what the template renders, where it does. */
  readonly last: { rendered?: Rendered }
}

/** Undefined also where somebody is told of the stages, which are all gone through then. */
function fastPathOf({ fastPath, mode, observe }: InjectionParams): FastPathCache | undefined {
  return mode === 'webhook' && observe === undefined ? fastPath : undefined
}

function overlayOf(rendering: Rendering): Laid {
  const { params, context, root, name } = rendering
  const { settings, structure, deadline } = params
  const template = templateNamed(settings.templates, name)
  const slow = (): JsonObject | undefined => renderOverlay(rendering, template)
  const fastPath = fastPathOf(params)
  if (fastPath === undefined) return { overlay: slow() }
  const namespace = context.incoming.metadata.namespace ?? ''
  const { proxyConfig } = context
  const limits = deadline === undefined ? {} : { deadline }
  return overlayFor(
    { cache: fastPath, settings, template, name, root, proxyConfig, namespace, structure, ...limits },
    slow,
  )
}

function renderOverlay(rendering: Rendering, template: Template): JsonObject | undefined {
  const { params, root, name, merged } = rendering
  const rendered = renderTemplate(template, root, {
    spans: params.observe !== undefined,
    ...(params.deadline === undefined ? {} : { deadline: params.deadline }),
    ...(params.structure === 'refuse' ? { marked: POD_DERIVED[params.mode] } : {}),
  })
  rendering.last.rendered = rendered
  params.observe?.({ kind: 'rendered', name, rendered, pod: merged })
  if (params.structure === 'refuse') checkStructure(rendered, name)
  return failing('failed applying injection overlay', () => readOverlay(rendered.text))
}

function postProcess(pod: Pod, made: Made, params: InjectionParams, context: Context): Pod {
  const { settings } = params
  const { values, release, config } = settings
  const { pairs, statusPort, mesh } = context
  const withEnv = applyClusterEnv(pod, pairs)
  params.observe?.({ kind: 'cluster', pod: withEnv })
  const { pod: scraped, changes } = mergePrometheus(withEnv, mesh, statusPort)
  params.observe?.({ kind: 'prometheus', pod: changeAnnotations(scraped, changes) })
  const probed = rewriteProbes(scraped, { statusPort, setting: values.rewriteAppHTTPProbe, release })
  params.observe?.({ kind: 'probes', pod: changeAnnotations(probed, changes) })
  const labeled = applyMetadata(probed, {
    pairs,
    template: made.template,
    revision: settings.revision,
    injectedAnnotations: config.injectedAnnotations,
    changes,
  })
  params.observe?.({ kind: 'metadata', pod: labeled })
  const ordered = orderContainers(labeled, holds(params, context))
  params.observe?.({ kind: 'order', pod: ordered })
  return ordered
}

/** Whether applications wait for the proxy: said by values, or by the mesh default config with the pod's annotation on it. */
function holds(params: InjectionParams, context: Context): boolean {
  const { values } = params.settings
  const annotation = own(context.incoming.metadata.annotations ?? {}, ANNOTATION.proxyConfig)
  const meshDefault = context.mesh['defaultConfig'] as Message
  const config =
    annotation === undefined
      ? meshDefault
      : applyProxyConfig(meshDefault, annotation, params.settings.release)
  return config['holdApplicationUntilProxyStarts'] === true || values.holdApplicationUntilProxyStarts
}

function warningsOf(pod: Pod): string[] {
  const policy = pod.spec.dnsPolicy ?? ''
  if (policy === '' || policy === 'ClusterFirst') return []
  return [
    `dnsPolicy of the pod is "${policy}", not "ClusterFirst": the sidecar may not be able to reach the control plane`,
  ]
}

/** Runs a step; a problem in it gets the step's prefix, as Istio's wrapped errors have. */
function failing<T>(prefix: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw prefixed(prefix, error)
  }
}

function prefixed(prefix: string, error: unknown): unknown {
  if (!(error instanceof ProblemError)) return error
  return new ProblemError(error.code, `${prefix}: ${error.message}`, error.where, error.hint)
}
