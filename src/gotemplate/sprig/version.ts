// Semantic versions as Masterminds/semver 3.4 reads and compares them. Loose ones (`v1.2`, `1`) count; parts are kept as
// bigint because Go has uint64.

import { FuncError } from '../func.ts'
import { Pattern } from './regex.ts'

export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly pre: string
  readonly metadata: string
  readonly original: string
}

/** Few templates ask for a version, and to compile these patterns at each start would make it some 3 % longer. */
export function onFirstUse(source: string): () => Pattern {
  let pattern: Pattern | undefined
  return () => {
    pattern ??= new Pattern(source)
    return pattern
  }
}

/** `-pre` and `+metadata`: four groups, the two with their signs and without. */
export const TAIL =
  '(-([0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*))?'
const VERSION = onFirstUse(`^v?([0-9]+)(\\.[0-9]+)?(\\.[0-9]+)?${TAIL}$`)

function uint64(digits: string): bigint {
  const value = digits.length > 64 ? 2n ** 64n : BigInt(digits)
  if (value >= 2n ** 64n) {
    const problem = `strconv.ParseUint: parsing "${digits}": value out of range`
    throw new FuncError(`error parsing version segment: ${problem}`)
  }
  return value
}

/** Versions and constraints are charged once, by their length: their patterns never look far ahead. */
export const free = (): void => {}

/** Throws FuncError when the text is no version, or when a number in its pre-release starts with 0. */
export function parseVersion(original: string): Version {
  const parts = VERSION().groupsOf(original, free)
  if (parts === undefined) throw new FuncError('invalid semantic version')
  const [, major = '', minor = '', patch = '', , pre = '', , metadata = ''] = parts
  const version = {
    major: uint64(major),
    minor: uint64(minor.slice(1) || '0'),
    patch: uint64(patch.slice(1) || '0'),
    pre,
    metadata,
    original,
  }
  if (pre.split('.').some((part) => /^0[0-9]+$/.test(part))) {
    throw new FuncError('version segment starts with 0')
  }
  return version
}

/** The version in full, without `v` and with all three numbers. */
export function versionText({ major, minor, patch, pre, metadata }: Version): string {
  return `${major}.${minor}.${patch}${pre === '' ? '' : `-${pre}`}${metadata === '' ? '' : `+${metadata}`}`
}

function order<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** -1, 0 or 1 by precedence; metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  return (
    order(a.major, b.major) ||
    order(a.minor, b.minor) ||
    order(a.patch, b.patch) ||
    comparePrereleases(a.pre, b.pre)
  )
}

/** A release comes after its pre-releases. */
export function comparePrereleases(a: string, b: string): number {
  if (a === '' || b === '') return order(a === '' ? 1 : 0, b === '' ? 1 : 0)
  const left = a.split('.')
  const right = b.split('.')
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const result = comparePart(left[i] ?? '', right[i] ?? '')
    if (result !== 0) return result
  }
  return 0
}

/** Missing parts come first, then numbers, then texts. */
function comparePart(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? -1 : 1
  const left = numeric(a)
  const right = numeric(b)
  if (left === undefined && right === undefined) return order(a, b)
  if (left === undefined || right === undefined) return left === undefined ? 1 : -1
  return order(left, right)
}

function numeric(part: string): bigint | undefined {
  if (!/^[0-9]{1,64}$/.test(part)) return undefined
  const value = BigInt(part)
  return value < 2n ** 64n ? value : undefined
}
