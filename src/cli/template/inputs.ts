// What a template expression reads: annotations, labels, values, proxy config, mesh config, with what each holds now.
// Read off the expression's text, so it is an aid for people: what is not recognised is simply not listed.

import type { Pod } from '../../api/kube.ts'
import { ANNOTATION } from '../../api/names.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { isObject, type Json, own } from '../../std/json.ts'
import { parseYaml } from '../../std/yaml.ts'

export interface TemplateInput {
  readonly kind: 'annotation' | 'label' | 'value' | 'proxy config' | 'mesh config' | 'pod' | 'injector'
  readonly name: string
  /** Undefined: not set, a default holds. */
  readonly value: Json | undefined
  /** Where a proxy config field is set: the pod's annotation, the mesh config; else it is Istio's default. */
  readonly from?: string
}

export interface InputSources {
  readonly pod: Pod
  readonly settings: RevisionSettings
  readonly meshTexts: readonly string[]
}

const QUOTED = '[`"]([^`"]+)[`"]'
const PATTERNS: readonly [RegExp, TemplateInput['kind']][] = [
  [new RegExp(`\\bannotation\\s+\\$?\\.ObjectMeta\\s+${QUOTED}`, 'g'), 'annotation'],
  [new RegExp(`\\.ObjectMeta\\.Annotations\\s+${QUOTED}`, 'g'), 'annotation'],
  [new RegExp(`\\.ObjectMeta\\.Labels\\s+${QUOTED}`, 'g'), 'label'],
  [/\.Values((?:\.\w+)+)/g, 'value'],
  [/\.ProxyConfig((?:\.\w+)+)/g, 'proxy config'],
  [/\.MeshConfig((?:\.\w+)+)/g, 'mesh config'],
  [/\.((?:ObjectMeta|Spec|DeploymentMeta|TypeMeta)(?:\.\w+)*)/g, 'pod'],
  [
    /\.(ProxyImage|ProxyUID|ProxyGID|NativeSidecars|Revision|CompliancePolicy|InboundTrafficPolicyMode)\b/g,
    'injector',
  ],
]

/** What the injector makes the proxy's image of. */
const PROXY_IMAGE: readonly [TemplateInput['kind'], string][] = [
  ['annotation', ANNOTATION.proxyImageType],
  ['proxy config', 'image.imageType'],
  ['value', 'global.proxy.image'],
  ['value', 'global.hub'],
  ['value', 'global.tag'],
  ['value', 'global.variant'],
]

/** The inputs of an expression, each once, in the order of the kinds above. */
export function inputsOf(expression: string, sources: InputSources): TemplateInput[] {
  const found = new Map<string, TemplateInput>()
  for (const [pattern, kind] of PATTERNS) {
    for (const match of expression.matchAll(pattern)) {
      const name = (match[1] ?? '').replace(/^\./, '')
      if (kind === 'pod' && /^ObjectMeta\.(Annotations|Labels)$/.test(name)) continue
      if (kind === 'pod' && new RegExp(`\\bannotation\\s+\\$?\\.${name}\\s`).test(expression)) continue
      found.set(`${kind} ${name}`, { kind, name, ...lookUp(kind, name, sources) })
      for (const [behind, path] of name === 'ProxyImage' ? PROXY_IMAGE : []) {
        found.set(`${behind} ${path}`, { kind: behind, name: path, ...lookUp(behind, path, sources) })
      }
    }
  }
  return [...found.values()]
}

function lookUp(
  kind: TemplateInput['kind'],
  name: string,
  sources: InputSources,
): Pick<TemplateInput, 'value' | 'from'> {
  const { pod, settings } = sources
  switch (kind) {
    case 'annotation':
      return { value: own(pod.metadata.annotations ?? {}, name) }
    case 'label':
      return { value: own(pod.metadata.labels ?? {}, name) }
    case 'value':
      return { value: walk(settings.values.raw, name.split('.')) }
    case 'proxy config':
      return proxyConfig(jsonName(name), sources)
    case 'mesh config':
      return { value: inTexts(sources.meshTexts, jsonName(name)) }
    case 'injector':
      return name === 'Revision' ? { value: settings.revision } : { value: undefined }
    case 'pod':
      return { value: undefined }
  }
}

/** Go's field names to JSON's, method calls on values left out: `Tracing.GetSampling` is `tracing.sampling`. */
function jsonName(name: string): string[] {
  return name
    .split('.')
    .filter((part) => !/^(?:GetValue|String|AsDuration|Value)$/.test(part))
    .map((part) => part.replace(/^Get/, ''))
    .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
}

function proxyConfig(path: string[], sources: InputSources): Pick<TemplateInput, 'value' | 'from'> {
  const annotation = own(sources.pod.metadata.annotations ?? {}, ANNOTATION.proxyConfig)
  const ofPod = annotation === undefined ? undefined : inTexts([annotation], path)
  if (ofPod !== undefined) return { value: ofPod, from: `annotation ${ANNOTATION.proxyConfig}` }
  const ofMesh = inTexts(sources.meshTexts, ['defaultConfig', ...path])
  return ofMesh === undefined ? { value: undefined } : { value: ofMesh, from: 'mesh config, defaultConfig' }
}

function inTexts(texts: readonly string[], path: readonly string[]): Json | undefined {
  let found: Json | undefined
  for (const text of texts) {
    try {
      found = walk(parseYaml(text), path) ?? found
    } catch {
      // A text that cannot be read has been reported where it was used.
    }
  }
  return found
}

function walk(value: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const key of path) at = isObject(at) ? own(at, key) : undefined
  return at
}

export function inputText(input: TemplateInput): string {
  const named = `${input.kind} ${input.name}`
  if (input.value !== undefined) {
    const from = input.from === undefined ? '' : ` (${input.from})`
    return `${named} = ${JSON.stringify(input.value)}${from}`
  }
  if (input.kind === 'pod' || input.kind === 'injector') return named
  return `${named}: not set${input.kind === 'proxy config' ? ', the default of Istio holds' : ''}`
}
