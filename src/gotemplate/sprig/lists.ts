// Lists. Every function makes a new list; arguments stay as they are.
// sprig's functions take slices of any type and mostly give []interface{}; `slice` keeps the type.

import { type CallContext, FuncError, type TemplateFunc } from '../func.ts'
import { LIST } from '../types.ts'
import { type GoValue, Typed } from '../value.ts'
import { elements } from '../value-ops.ts'
import { toInt } from './cast.ts'
import {
  elementsFor,
  fixed,
  int,
  kindName,
  LISTS,
  NIL_DEREFERENCE,
  NIL_LIST,
  type Run,
  variadic,
} from './go.ts'
import { empty, Seen } from './reflect.ts'

const plain = (value: GoValue): GoValue => value ?? null

function push(verb: string, join: (list: readonly GoValue[], value: GoValue) => GoValue[]): Run {
  return ([list, value], { charge }) => {
    const items = elementsFor(list, `Cannot ${verb} on type`)
    charge(items.length)
    return join(items, plain(value))
  }
}

const append = push('push', (list, value) => [...list, value])
const prepend = push('prepend', (list, value) => [value, ...list])

function chunk([size, list]: readonly GoValue[], { charge }: CallContext): GoValue {
  const items = elementsFor(list, 'Cannot chunk type')
  const width = int(size)
  const count = Math.floor((items.length - 1) / width) + 1
  if (!Number.isFinite(count) || count < 0) throw new FuncError('runtime error: makeslice: len out of range')
  charge(items.length)
  return new Typed(
    LISTS,
    Array.from({ length: count }, (_, i) => items.slice(i * width, (i + 1) * width)),
  )
}

/** A new list of some elements; of an empty list Go makes a nil one. */
function part(verb: string, cut: (items: readonly GoValue[]) => GoValue[]): Run {
  return ([list], { charge }) => {
    const items = elementsFor(list, `Cannot find ${verb} on type`)
    charge(items.length)
    return items.length === 0 ? NIL_LIST : cut(items)
  }
}

const rest = part('rest', (items) => items.slice(1))
const initial = part('initial', (items) => items.slice(0, -1))

function pickOne(verb: string, at: number): Run {
  return ([list]) => plain(elementsFor(list, `Cannot find ${verb} on type`).at(at))
}

const first = pickOne('first', 0)
const last = pickOne('last', -1)

function reverse([list]: readonly GoValue[], { charge }: CallContext): GoValue {
  const items = elementsFor(list, 'Cannot find reverse on type')
  charge(items.length)
  return items.toReversed()
}

function compact([list]: readonly GoValue[], { charge }: CallContext): GoValue {
  const items = elementsFor(list, 'Cannot compact on type')
  charge(items.length)
  return items.filter((item) => !empty(item))
}

function uniq([list]: readonly GoValue[], { charge }: CallContext): GoValue {
  const seen = new Seen(() => charge(1))
  return elementsFor(list, 'Cannot find uniq on type').filter((item) => {
    if (seen.has(item)) return false
    seen.add(item)
    return true
  })
}

function without([list, ...omitted]: readonly GoValue[], { charge }: CallContext): GoValue {
  const items = elementsFor(list, 'Cannot find without on type')
  const seen = new Seen(() => charge(1), omitted)
  return items.filter((item) => !seen.has(item))
}

function has([needle, list]: readonly GoValue[], { charge }: CallContext): GoValue {
  if (list === null || list === undefined) return false
  const items = elementsFor(list, 'Cannot find has on type')
  const seen = new Seen(() => charge(1), [plain(needle)])
  return items.some((item) => seen.has(item))
}

function slice([list, ...indices]: readonly GoValue[], { charge }: CallContext): GoValue {
  const items = elementsFor(list, 'list should be type of slice or array but')
  if (items.length === 0) return null
  const start = indices.length > 0 ? toInt(indices[0], charge) : 0
  const end = indices.length > 1 ? toInt(indices[1], charge) : items.length
  if (start < 0 || end < start || end > items.length) {
    throw new FuncError('reflect.Value.Slice: slice index out of bounds')
  }
  charge(end - start)
  if (!(list instanceof Typed) || list.type.name === LIST.name) return items.slice(start, end)
  return new Typed(list.type, (list.raw as readonly unknown[]).slice(start, end))
}

function concat(lists: readonly GoValue[], { charge }: CallContext): GoValue {
  const result: GoValue[] = []
  for (const list of lists) {
    if (list === null || list === undefined) throw new FuncError(NIL_DEREFERENCE)
    const items = elements(list)
    if (items === undefined) throw new FuncError(`Cannot concat type ${kindName(list)} as list`)
    charge(items.length)
    for (const item of items) result.push(item)
  }
  return result.length === 0 ? NIL_LIST : result
}

function list(args: readonly GoValue[]): GoValue {
  return args.map(plain)
}

const LIST_PARAM = ['any'] as const

export const LIST_FUNCS: Record<string, TemplateFunc> = {
  list: variadic([], 'any', list),
  tuple: variadic([], 'any', list),
  concat: variadic([], 'any', concat),
  append: fixed(['any', 'any'], append),
  push: fixed(['any', 'any'], append),
  mustAppend: fixed(['any', 'any'], append),
  mustPush: fixed(['any', 'any'], append),
  prepend: fixed(['any', 'any'], prepend),
  mustPrepend: fixed(['any', 'any'], prepend),
  first: fixed(LIST_PARAM, first),
  mustFirst: fixed(LIST_PARAM, first),
  last: fixed(LIST_PARAM, last),
  mustLast: fixed(LIST_PARAM, last),
  rest: fixed(LIST_PARAM, rest),
  mustRest: fixed(LIST_PARAM, rest),
  initial: fixed(LIST_PARAM, initial),
  mustInitial: fixed(LIST_PARAM, initial),
  reverse: fixed(LIST_PARAM, reverse),
  mustReverse: fixed(LIST_PARAM, reverse),
  compact: fixed(LIST_PARAM, compact),
  mustCompact: fixed(LIST_PARAM, compact),
  uniq: fixed(LIST_PARAM, uniq),
  mustUniq: fixed(LIST_PARAM, uniq),
  without: variadic(LIST_PARAM, 'any', without),
  mustWithout: variadic(LIST_PARAM, 'any', without),
  has: fixed(['any', 'any'], has),
  mustHas: fixed(['any', 'any'], has),
  slice: variadic(LIST_PARAM, 'any', slice),
  mustSlice: variadic(LIST_PARAM, 'any', slice),
  chunk: fixed(['int', 'any'], chunk),
  mustChunk: fixed(['int', 'any'], chunk),
}
