// Istio's template functions on the pod and the mesh configuration (contract §5.2). They read their arguments field by
// field through the engine's accessors, never the raw data behind them.

import { type Charge, goString, goStringCharged } from '../../gotemplate/format.ts'
import type { TemplateFunc } from '../../gotemplate/func.ts'
import { fixed, text } from '../../gotemplate/sprig/go.ts'
import { type GoType, type GoValue, Typed } from '../../gotemplate/value.ts'
import { elements, field, isNil, mapOfValue, toInt, toText } from '../../gotemplate/value-ops.ts'
import { durationText } from '../../std/duration.ts'
import { stringMap } from './funcs-text.ts'

// Types are compared by name, so the parameters need no more than that.
const OBJECT_META: GoType = { kind: 'struct', name: 'v1.ObjectMeta' }
const CONTAINERS: GoType = { kind: 'slice', name: '[]v1.Container' }
const MESH_CONFIG: GoType = { kind: 'pointer', name: '*v1alpha1.MeshConfig' }
const DURATION: GoType = { kind: 'pointer', name: '*durationpb.Duration' }

const PROXY_CONTAINER = 'istio-proxy'

/** The annotation if the key exists, even empty; else the default as `%v` prints it. */
function annotation(meta: GoValue, name: string, fallback: GoValue, charge: Charge): string {
  const annotations = mapOfValue(field(meta, 'Annotations'))?.raw ?? {}
  return Object.hasOwn(annotations, name) ? String(annotations[name]) : goStringCharged(fallback, charge)
}

/** The TCP ports of containers, joined by commas. */
function containerPorts(containers: GoValue, includes: (name: string) => boolean): string {
  const ports: string[] = []
  for (const container of elements(containers) ?? []) {
    if (!includes(textField(container, 'Name'))) continue
    for (const port of elements(field(container, 'Ports')) ?? []) {
      const protocol = textField(port, 'Protocol')
      if (protocol !== 'UDP' && protocol !== 'SCTP')
        ports.push(String(toInt(field(port, 'ContainerPort')) ?? 0n))
    }
  }
  return ports.join(',')
}

function textField(value: GoValue, name: string): string {
  return toText(field(value, name)) ?? ''
}

/** Whether some OpenTelemetry provider of the mesh asks for OTel's semantic conventions. */
function asksForConventions(mesh: GoValue): boolean {
  return (elements(field(mesh, 'ExtensionProviders')) ?? []).some((provider) => {
    const tracing = callGetter(provider, 'GetOpentelemetry')
    const enrichment = tracing === undefined ? undefined : field(tracing, 'ServiceAttributeEnrichment')
    return enrichment !== undefined && goString(enrichment) === 'OTEL_SEMANTIC_CONVENTIONS'
  })
}

/** The message a getter returns; undefined for a nil pointer. */
function callGetter(value: GoValue, name: string): GoValue {
  const result = field(value, name)
  return goString(result) === '<nil>' ? undefined : result
}

/** `v1`, `sha256:…` or `v1@sha256:…` of an image reference; "" without tag and digest. */
function imageVersion(image: string): string {
  const at = image.indexOf('@')
  const reference = at < 0 ? image : image.slice(0, at)
  const digest = at < 0 ? '' : image.slice(at + 1)
  const colon = reference.lastIndexOf(':')
  const tag = colon > reference.lastIndexOf('/') ? reference.slice(colon + 1) : ''
  return [tag, digest].filter((part) => part !== '').join('@')
}

const RESOURCE = 'resource.opentelemetry.io'

/** `service.namespace=…,service.version=…,service.instance.id=…`, each part only when something gives it. */
function otelResourceAttributes([
  mesh,
  annotations,
  labels,
  namespace,
  containers,
]: readonly GoValue[]): string {
  if (isNil(mesh) || !asksForConventions(mesh)) return ''
  const annotated = (name: string): string => ownText(annotations, `${RESOURCE}/${name}`)
  const list = elements(containers) ?? []
  const [first] = list
  const image = list.length === 1 && first !== undefined ? imageVersion(textField(first, 'Image')) : ''
  const instance = first === undefined ? '' : `${text(namespace)}.$(POD_NAME).${textField(first, 'Name')}`
  const parts = [
    ['service.namespace', annotated('service.namespace') || text(namespace)],
    [
      'service.version',
      annotated('service.version') || ownText(labels, 'app.kubernetes.io/version') || image,
    ],
    ['service.instance.id', annotated('service.instance.id') || instance],
  ] as const
  return parts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

function ownText(map: GoValue, key: string): string {
  const entries = stringMap(map)
  return Object.hasOwn(entries, key) ? (entries[key] ?? '') : ''
}

export const POD_FUNCS: Record<string, TemplateFunc> = {
  annotation: fixed([OBJECT_META, 'string', 'any'], ([meta, name, fallback], { charge }) =>
    annotation(meta ?? null, text(name), fallback ?? null, charge),
  ),
  includeInboundPorts: fixed([CONTAINERS], ([containers]) => containerPorts(containers, () => true)),
  applicationPorts: fixed([CONTAINERS], ([containers]) =>
    containerPorts(containers, (name) => name !== PROXY_CONTAINER),
  ),
  // A nil duration is no time.
  formatDuration: fixed([DURATION], ([duration]) =>
    durationText(duration instanceof Typed ? BigInt((duration.raw as bigint | undefined) ?? 0n) : 0n),
  ),
}

/** From 1.30 on. */
export const OTEL_FUNCS: Record<string, TemplateFunc> = {
  otelResourceAttributes: fixed(
    [MESH_CONFIG, 'stringMap', 'stringMap', 'string', CONTAINERS],
    otelResourceAttributes,
  ),
}
