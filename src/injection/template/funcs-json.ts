// Istio's template functions that print values as JSON or YAML and read JSON (contract §5.2).
// Failures print an empty form instead of failing the render, as Istio does; its log lines have no counterpart here.

import type { Message } from '../../api/mesh.ts'
import { atLeast, type Release } from '../../api/release.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../../gotemplate/func.ts'
import { fixed, newDict, text, variadic } from '../../gotemplate/sprig/go.ts'
import { marshal, unmarshal } from '../../gotemplate/sprig/json.ts'
import { type GoMap, type GoType, type GoValue, Typed } from '../../gotemplate/value.ts'
import { elements, entries, isNil, typeName } from '../../gotemplate/value-ops.ts'
import { MESH_CONFIG, PROXY_CONFIG, type ProtoMessage, type WellKnown } from '../../mesh/proto.ts'
import { writeItem, writeMessage } from '../../mesh/proto-write.ts'
import { cleanProxyConfig } from '../../mesh/proxyconfig.ts'
import { ProblemError } from '../../std/problem.ts'
import { writeYaml } from '../../std/yaml-write.ts'
import { mergeMaps } from './funcs-text.ts'

const SERIALISER = { serialiser: true }

/** `print`, or `fallback` for a value that JSON or YAML cannot say. */
function orElse(fallback: string, print: () => string): string {
  try {
    return print()
  } catch (error) {
    if (error instanceof FuncError || error instanceof ProblemError) return fallback
    throw error
  }
}

/** JSON data of a value: types gone, structs by their JSON names, integers beyond 2^53 as bigint. */
function jsonData(value: GoValue, context: CallContext): unknown {
  context.charge(16)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Typed && (value.type.marshal !== undefined || isScalar(value))) {
    return parseExact(marshal(value, context.charge))
  }
  if (isNil(value)) return null
  const items = elements(value)
  if (items !== undefined) return items.map((item) => jsonData(item, context))
  const members = entries(value)
  if (members === undefined) return parseExact(marshal(value, context.charge))
  const data = newDict()
  for (const [key, item] of members) data[key] = jsonData(item, context)
  return data
}

function isScalar(value: Typed): boolean {
  return value.type.kind !== 'slice' && value.type.kind !== 'map'
}

/** JSON whose integers keep all their digits. */
function parseExact(json: string): unknown {
  if (/^-?[0-9]+$/.test(json)) {
    return Number.isSafeInteger(Number(json)) ? Number(json) : BigInt(json)
  }
  return JSON.parse(json)
}

/** toYaml works on what the JSON of the value says. Data that nests in itself has no YAML. */
function toYaml(value: GoValue, context: CallContext): string {
  // Writing the JSON first finds cycles and values that JSON lacks.
  marshal(value, context.charge)
  return writeYaml(jsonData(value, context))
}

/** Protobuf's own messages by Go name, and how they show in JSON. */
const WELL_KNOWN: ReadonlyMap<string, WellKnown> = new Map([
  ['durationpb.Duration', 'Duration'],
  ['wrapperspb.BoolValue', 'BoolValue'],
  ['wrapperspb.Int32Value', 'Int32Value'],
  ['wrapperspb.Int64Value', 'Int64Value'],
  ['structpb.Struct', 'Struct'],
  ['structpb.Value', 'Value'],
])

/** The messages that mesh and proxy configuration are made of, by Go name. */
const ISTIO_MESSAGES: ReadonlyMap<string, ProtoMessage> = reachable([MESH_CONFIG, PROXY_CONFIG])

function reachable(roots: readonly ProtoMessage[]): ReadonlyMap<string, ProtoMessage> {
  const found = new Map<string, ProtoMessage>()
  const open = [...roots]
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    if (found.has(message.goName)) continue
    found.set(message.goName, message)
    for (const field of message.fields) if (field.type.kind === 'message') open.push(field.type.message)
  }
  return found
}

function protoToJson(value: GoValue, release: Release): string {
  if (value === null || value === undefined) return '{}'
  const name = typeName(value)
  const message = ISTIO_MESSAGES.get(name.slice(1))
  const known = WELL_KNOWN.get(name.slice(1))
  if (!(value instanceof Typed) || !name.startsWith('*') || (message === undefined && known === undefined)) {
    throw new FuncError(`wrong type for value; expected ${PROTO_MESSAGE.name}; got ${name}`)
  }
  if (value.raw === undefined) return '{}'
  if (message === undefined) return writeItem(value.raw, { kind: 'known', known: known ?? 'Value' })
  const raw = value.raw as Message
  return writeMessage(message, message === PROXY_CONFIG ? cleanProxyConfig(raw, release) : raw)
}

const PROTO_MESSAGE: GoType = { kind: 'interface', name: 'protoreflect.ProtoMessage' }

/** Drops nils at every depth; what becomes empty by that is nil too. Only untyped maps and lists are looked into. */
function omitNil(value: GoValue, context: CallContext): GoValue {
  context.charge(8)
  if (typeof value !== 'object' || value === null || value instanceof Typed) return value ?? null
  if (Array.isArray(value)) {
    const kept = (value as GoValue[]).map((item) => omitNil(item, context)).filter((item) => item !== null)
    return kept.length === 0 && value.length > 0 ? null : kept
  }
  const kept = newDict()
  const keys = Object.keys(value)
  for (const key of keys) {
    const item = omitNil((value as GoMap)[key] as GoValue, context)
    if (item !== null) kept[key] = item
  }
  return Object.keys(kept).length === 0 && keys.length > 0 ? null : kept
}

/** The JSON and YAML functions of a release. */
export function jsonFuncs(release: Release): Record<string, TemplateFunc> {
  return {
    ...JSON_FUNCS,
    protoToJSON: fixed([PROTO_MESSAGE], ([message]) => protoToJson(message, release), SERIALISER),
    ...(atLeast(release, 30) ? NIL_FUNCS : {}),
  }
}

const NIL_FUNCS: Record<string, TemplateFunc> = {
  omitNil: fixed(['any'], ([value], context) => omitNil(value, context)),
}

/** Steps to read JSON, beside those by its length: what is no JSON takes longest. */
const READ_COST = 300

const JSON_FUNCS: Record<string, TemplateFunc> = {
  toJSON: fixed(['stringMap'], ([map], { charge }) => (isNil(map) ? '{}' : marshal(map, charge)), SERIALISER),
  toJsonMap: variadic(
    [],
    'stringMap',
    (maps, context) => marshal(mergeMaps(maps, context), context.charge),
    SERIALISER,
  ),
  structToJSON: fixed(
    ['any'],
    ([value], { charge }) =>
      value === null || value === undefined ? '{}' : orElse('{}', () => marshal(value, charge)),
    SERIALISER,
  ),
  toYaml: fixed(['any'], ([value], context) => orElse('', () => toYaml(value, context)), SERIALISER),
  fromJSON: fixed(['string'], ([json], { charge }) => {
    charge(READ_COST + text(json).length)
    return fromJson(text(json))
  }),
}

/** What is no JSON is the text `{}`, not an empty map. */
function fromJson(json: string): GoValue {
  try {
    return unmarshal(json)
  } catch (error) {
    if (error instanceof FuncError) return '{}'
    throw error
  }
}
