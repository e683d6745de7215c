// From a pod to the text of its templates (contract §4, §5): gathers what templates see, and runs one of them. Which
// parts of the data come from the pod is said here, because the structure guard depends on it.

import type { Pod } from '../api/kube.ts'
import type { Message } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import { TemplateError } from '../gotemplate/error.ts'
import type { Rendered, RunOptions, Template } from '../gotemplate/template.ts'
import type { Typed } from '../gotemplate/value.ts'
import { proxyImage } from '../mesh/image.ts'
import type { RevisionSettings } from '../mesh/snapshot.ts'
import { isObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { templateData } from './template/data.ts'
import type { Workload } from './workload.ts'

const WEBHOOK = ['ObjectMeta', 'Spec', 'DeploymentMeta', 'TypeMeta', 'ProxyConfig', 'ProxyImage']

/**
 * Root fields whose content a pod can choose: its own parts, and what its annotations make of the others. kube-inject
 * applies the pod's annotation to the mesh config, too.
 */
export const POD_DERIVED: Readonly<Record<'webhook' | 'kube-inject', ReadonlySet<string>>> = {
  webhook: new Set(WEBHOOK),
  'kube-inject': new Set([...WEBHOOK, 'MeshConfig']),
}

export interface RenderInput {
  /** The pod that templates see (contract §7.2). */
  readonly stripped: Pod
  readonly workload: Workload
  readonly settings: RevisionSettings
  readonly mesh: Message
  readonly proxyConfig: Message
  readonly nativeSidecars: boolean
  readonly proxyUser: { readonly uid: number; readonly gid: number }
}

/** The root value of all templates of one injection. */
export function rootData(input: RenderInput): Typed {
  const { settings, mesh, proxyConfig, stripped } = input
  const inbound = mesh['inboundTrafficPolicy']
  const mode = isObject(inbound) ? inbound['mode'] : undefined
  return templateData({
    pod: stripped,
    ...input.workload,
    values: settings.values.raw,
    mesh,
    proxyConfig,
    revision: settings.revision,
    nativeSidecars: input.nativeSidecars,
    proxyImage: proxyImage(
      settings.values,
      proxyConfig,
      stripped.metadata.annotations ?? {},
      settings.release,
    ),
    proxyUID: input.proxyUser.uid,
    proxyGID: input.proxyUser.gid,
    inboundTrafficPolicyMode: mode === 'LOCALHOST' ? 'localhost' : 'passthrough',
    compliancePolicy: own(settings.env, 'COMPLIANCE_POLICY') ?? '',
    release: settings.release,
  })
}

/** The template `name`. Throws a ProblemError with Istio's text, the known names in order. */
export function templateNamed(templates: ReadonlyMap<string, Template>, name: string): Template {
  const found = templates.get(name)
  if (found !== undefined) return found
  const known = [...templates.keys()].sort().join(', ')
  throw new ProblemError(
    'not-found',
    `requested template "${name}" not found; have ${known}`,
    { field: `metadata.annotations["${ANNOTATION.templates}"]` },
    'name one of the known templates, or an alias of the injection config',
  )
}

/** Runs one template. Throws a ProblemError with Go's text. */
export function renderTemplate(template: Template, root: Typed, options: RunOptions): Rendered {
  try {
    return template.execute(root, options)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new ProblemError(
      'template-failed',
      error.message,
      { file: error.template, line: error.line, column: error.column },
      error.frame(),
    )
  }
}
