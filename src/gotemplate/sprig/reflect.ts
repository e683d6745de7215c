// Types, kinds, emptiness and deep equality of any values.

import { FuncError, type TemplateFunc } from '../func.ts'
import { wrap } from '../types.ts'
import { type GoMap, type GoValue, Typed } from '../value.ts'
import { elements, isNil, mapOfValue, truth, typeName } from '../value-ops.ts'
import { fixed, kindName, text, variadic } from './go.ts'

/** sprig's `empty`: nil, false, 0, "", and lists and maps without elements; structs never. */
export function empty(value: GoValue): boolean {
  return !truth(value)
}

/** reflect.DeepEqual: same types at every depth, nil differs from empty, NaN from itself. `step` is called per value. */
export function deepEqual(a: GoValue, b: GoValue, step: () => void): boolean {
  step()
  const left = a ?? null
  const right = b ?? null
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right
  }
  if (left === right) return true
  if (typeName(left) !== typeName(right) || isNil(left) !== isNil(right)) return false
  const leftItems = elements(left)
  const rightItems = elements(right)
  if (leftItems !== undefined && rightItems !== undefined) {
    return (
      leftItems.length === rightItems.length &&
      leftItems.every((item, i) => deepEqual(item, rightItems[i], step))
    )
  }
  const leftMap = mapOfValue(left)
  const rightMap = mapOfValue(right)
  if (leftMap !== undefined && rightMap !== undefined) {
    return equalEntries(leftMap.raw, rightMap.raw, (x, y) =>
      deepEqual(wrap(leftMap.elem, x), wrap(rightMap.elem, y), step),
    )
  }
  return left instanceof Typed && right instanceof Typed && equalRaw(left.raw, right.raw, step)
}

function equalEntries(a: GoMap, b: GoMap, equal: (x: unknown, y: unknown) => boolean): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  )
}

/** Raw data of one type: structs, pointers and scalars. Unset and zero are the same for scalars. */
function equalRaw(a: unknown, b: unknown, step: () => void): boolean {
  step()
  if (a === b) return true
  if (typeof a === 'bigint' || typeof b === 'bigint')
    return BigInt((a ?? 0) as number) === BigInt((b ?? 0) as number)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return (a || undefined) === (b || undefined)
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalRaw(item, b[i], step))
  }
  return equalEntries(a as GoMap, b as GoMap, (x, y) => equalRaw(x, y, step))
}

/** Go's memory of what was seen, for `uniq`, `without` and `has`: scalars by hash, all else by deep equality. */
export class Seen {
  readonly #scalars = new Set<GoValue>()
  readonly #others: GoValue[] = []
  readonly #step: () => void

  constructor(step: () => void, values: readonly GoValue[] = []) {
    this.#step = step
    for (const value of values) this.add(value)
  }

  add(value: GoValue): void {
    if (typeof value === 'object' && value !== null) this.#others.push(value)
    else if (!Number.isNaN(value)) this.#scalars.add(value ?? null)
  }

  has(value: GoValue): boolean {
    this.#step()
    if (typeof value !== 'object' || value === null) return this.#scalars.has(value ?? null)
    return this.#others.some((other) => deepEqual(value, other, this.#step))
  }
}

const firstFull = (values: readonly GoValue[]): GoValue => values.find((value) => !empty(value)) ?? null

export const REFLECT_FUNCS: Record<string, TemplateFunc> = {
  default: variadic(['any'], 'any', ([fallback, given]) =>
    empty(given) ? (fallback ?? null) : (given ?? null),
  ),
  empty: fixed(['any'], ([value]) => empty(value)),
  coalesce: variadic([], 'any', firstFull),
  all: variadic([], 'any', (args) => args.every((arg) => !empty(arg))),
  any: variadic([], 'any', (args) => args.some((arg) => !empty(arg))),
  ternary: fixed(['any', 'any', 'bool'], ([yes, no, choice]) => (choice === true ? yes : no) ?? null),
  fail: fixed(['string'], ([message]) => {
    throw new FuncError(text(message))
  }),
  typeOf: fixed(['any'], ([value]) => typeName(value)),
  typeIs: fixed(['string', 'any'], ([target, value]) => text(target) === typeName(value)),
  typeIsLike: fixed(['string', 'any'], ([target, value]) => {
    const name = typeName(value)
    return text(target) === name || `*${text(target)}` === name
  }),
  kindOf: fixed(['any'], ([value]) => kindName(value)),
  kindIs: fixed(['string', 'any'], ([target, value]) => text(target) === kindName(value)),
  deepEqual: fixed(['any', 'any'], ([a, b], { charge }) => deepEqual(a, b, () => charge(1))),
}
