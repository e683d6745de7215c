// Istio's template functions on texts and string maps (contract §5.2). Pure; maps that come out are new.

import type { InjectorEnv } from '../../api/mesh.ts'
import { atLeast, type Release } from '../../api/release.ts'
import { goStringCharged } from '../../gotemplate/format.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../../gotemplate/func.ts'
import { dictOf, fixed, int, ofText, text, variadic } from '../../gotemplate/sprig/go.ts'
import { unmarshal } from '../../gotemplate/sprig/json.ts'
import { toLower } from '../../gotemplate/sprig/letters.ts'
import { indentCost, trimSpace } from '../../gotemplate/sprig/strings.ts'
import { STRING_MAP } from '../../gotemplate/types.ts'
import { type GoValue, Typed } from '../../gotemplate/value.ts'
import { isObject, own, setOwn } from '../../std/json.ts'

type Strings = { [key: string]: string }

/** The entries of a map[string]string argument; a nil map has none. */
export function stringMap(value: GoValue): Readonly<Strings> {
  return (dictOf(value) ?? {}) as Strings
}

function toStringMap(entries: Iterable<readonly [string, string]>): Typed {
  const map: Strings = {}
  for (const [key, value] of entries) setOwn(map, key, value)
  return new Typed(STRING_MAP, map)
}

function chargedEntries(map: GoValue, charge: CallContext['charge']): [string, string][] {
  const entries = Object.entries(stringMap(map))
  charge(entries.length * 8)
  return entries
}

/** Later maps win; without any map the result is a nil map. */
export function mergeMaps(maps: readonly GoValue[], { charge }: CallContext): Typed {
  if (maps.length === 0) return new Typed(STRING_MAP, undefined)
  return toStringMap(maps.flatMap((map) => chargedEntries(map, charge)))
}

function strdict(args: readonly GoValue[]): Typed {
  const pairs: [string, string][] = []
  for (let i = 0; i < args.length; i += 2) pairs.push([text(args[i]), text(args[i + 1])])
  return toStringMap(pairs)
}

/** Pads every line but the first, empty lines too; a negative count pads like its positive. */
function indent(spaces: number, source: string): string {
  return source.replaceAll('\n', `\n${' '.repeat(Math.abs(spaces))}`)
}

/** Adds `port` to the comma list unless it is "", 0, or an item of it already. */
function excludeInboundPort(port: string, list: string): string {
  if (port === '' || port === '0') return list
  const items = list.split(',')
  if (items.includes(port)) return list
  const trimmed = items.map(trimSpace).filter((item) => item !== '')
  return [...trimmed, port].join(',')
}

/** The elements of a JSON list of networks; undefined when the text is no such list. */
function parseNetworks(json: string): Readonly<Record<string, unknown>>[] | undefined {
  let parsed: unknown
  try {
    parsed = unmarshal(json)
  } catch (error) {
    if (error instanceof FuncError) return undefined
    throw error
  }
  if (!Array.isArray(parsed)) return undefined
  const items = parsed.map((item) => (item === null ? {} : item))
  return items.every(isObject) ? items : undefined
}

/**
 * Adds a network to the value of annotation k8s.v1.cni.cncf.io/networks, which is a comma list or a JSON list.
 * JSON is extended as text, so that spacing stays; before 1.26 `namespace/name` was taken as one name in it.
 */
function appendMultusNetwork(existing: string, network: string, release: Release): string {
  if (existing === '') return network
  const end = existing.lastIndexOf(']')
  if (end < 0) {
    const present = existing.split(',').some((item) => trimSpace(item) === network)
    return present ? existing : `${existing}, ${network}`
  }
  const networks = parseNetworks(existing)
  if (networks === undefined) return existing
  const parts = network.split('/')
  const split = atLeast(release, 26) && parts.length > 1
  const name = split ? (parts[1] ?? '') : network
  const namespace = split ? (parts[0] ?? '') : ''
  const present = networks.some(
    (item) =>
      own(item, 'name') === name && (!atLeast(release, 26) || (own(item, 'namespace') ?? '') === namespace),
  )
  if (present) return existing
  const added = split ? `{"name": "${name}", "namespace": "${namespace}"}` : `{"name": "${name}"}`
  return `${existing.slice(0, end)}, ${added}${existing.slice(end)}`
}

/** The functions that depend on the injector's environment or release, besides the fixed ones. */
export function textFuncs(env: InjectorEnv, release: Release): Record<string, TemplateFunc> {
  return {
    ...TEXT_FUNCS,
    env: ofText(2, (name, fallback) => own(env, name) || fallback),
    appendMultusNetwork: fixed(['string', 'string'], ([existing, network], { charge }) => {
      charge(80 + text(existing).length)
      return appendMultusNetwork(text(existing), text(network), release)
    }),
  }
}

const identity = ofText(1, (value) => value, 0, { passthrough: true })

const TEXT_FUNCS: Record<string, TemplateFunc> = {
  valueOrDefault: fixed(
    ['any', 'any'],
    ([value, fallback]) => (value === '' || value === null || value === undefined ? fallback : value) ?? null,
  ),
  excludeInboundPort: fixed(['any', 'string'], ([port, list], { charge }) => {
    charge(40 + text(list).length * 4)
    return excludeInboundPort(trimSpace(goStringCharged(port ?? null, charge)), text(list))
  }),
  isset: fixed(['stringMap', 'string'], ([map, key]) => Object.hasOwn(stringMap(map), text(key))),
  directory: ofText(1, (path) => path.slice(0, path.lastIndexOf('/') + 1)),
  contains: ofText(2, (needle, haystack) => haystack.includes(needle)),
  toLower: ofText(1, toLower, 4),
  indent: fixed(
    ['int', 'string'],
    ([spaces, source], { charge }) => {
      charge(indentCost(Math.abs(int(spaces)), text(source)))
      return indent(int(spaces), text(source))
    },
    { passthrough: true },
  ),
  kubevirtInterfaces: identity,
  excludeInterfaces: identity,
  strdict: variadic([], 'string', strdict),
  omit: variadic(['stringMap'], 'string', ([map, ...keys], { charge }) => {
    const omitted = new Set(keys.map(text))
    return toStringMap(chargedEntries(map ?? null, charge).filter(([key]) => !omitted.has(key)))
  }),
}
