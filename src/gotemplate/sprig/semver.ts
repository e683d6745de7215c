// Semantic versions and constraints on them, as Masterminds/semver 3.4 reads and compares them.
// Loose versions (`v1.2`, `1`) count; parts are kept as bigint because Go has uint64.

import { goJsonString } from '../../std/gojson.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { INT, pointerTo, STRING, UINT64 } from '../types.ts'
import { type GoMethod, type GoType, type GoValue, Typed } from '../value.ts'
import { fixed, text } from './go.ts'
import { Pattern } from './regex.ts'
import { splitText } from './strings.ts'

export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly pre: string
  readonly metadata: string
  readonly original: string
}

/** Few templates ask for a version, and to compile these patterns at each start would make it some 3 % longer. */
function onFirstUse(source: string): () => Pattern {
  let pattern: Pattern | undefined
  return () => {
    pattern ??= new Pattern(source)
    return pattern
  }
}

const TAIL = '(-([0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)*))?'
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
const free = (): void => {}

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

function versionText({ major, minor, patch, pre, metadata }: Version): string {
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
function comparePrereleases(a: string, b: string): number {
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

interface Constraint {
  readonly version: Version
  readonly operator: string
  /** A part is a wildcard or absent; which one, if it is not the major. */
  readonly dirty: boolean
  readonly minorDirty: boolean
  readonly patchDirty: boolean
}

const PARTIAL = `v?([0-9|x|X|\\*]+)(\\.[0-9|x|X|\\*]+)?(\\.[0-9|x|X|\\*]+)?${TAIL}`
const OPERATORS = '=||!=|>|<|>=|=>|<=|=<|~|~>|\\^'
const ONE = onFirstUse(`^\\s*(${OPERATORS})\\s*(${PARTIAL})\\s*$`)
const EACH = onFirstUse(`(${OPERATORS})\\s*(${PARTIAL})`)
const RANGE = onFirstUse(`\\s*(${PARTIAL})\\s+-\\s+(${PARTIAL})\\s*`)
const ALL = onFirstUse(
  `^(\\s*(${OPERATORS})\\s*(${PARTIAL})\\s*)((?:\\s+|,\\s*)(${OPERATORS})\\s*(${PARTIAL})\\s*)*$`,
)
/** Groups of one PARTIAL: itself, its three parts, `-pre`, `pre`, `+metadata`, `metadata`. */
const PARTIAL_GROUPS = 8

/** `1.2 - 2.0` means `>= 1.2, <= 2.0`. */
function withoutRanges(constraint: string): string {
  let result = constraint
  for (const match of RANGE().search(constraint, free).findAll()) {
    const part = (i: number): string => constraint.slice(...(match[i] ?? [0, 0]))
    result = result.replace(part(0), () => `>= ${part(1)}, <= ${part(1 + PARTIAL_GROUPS)} `)
  }
  return result
}

const isWildcard = (part: string): boolean => part === 'x' || part === 'X' || part === '*'

function parseConstraint(source: string): Constraint {
  const parts = ONE().groupsOf(source, free)
  if (parts === undefined) throw new FuncError(`improper constraint: ${source}`)
  const [, operator = '', whole = '', major = '', minor = '', patch = '', pre = ''] = parts
  const any = isWildcard(major)
  const minorDirty = !any && (minor === '' || isWildcard(minor.slice(1)))
  const patchDirty = !any && !minorDirty && (patch === '' || isWildcard(patch.slice(1)))
  const filled = any
    ? `0.0.0${pre}`
    : minorDirty
      ? `${major}.0.0${pre}`
      : patchDirty
        ? `${major}${minor}.0${pre}`
        : whole
  try {
    return {
      version: parseVersion(filled),
      operator,
      dirty: any || minorDirty || patchDirty,
      minorDirty,
      patchDirty,
    }
  } catch (error) {
    if (error instanceof FuncError) throw new FuncError('constraint parser error')
    throw error
  }
}

/** Alternatives of constraints that must all hold. Throws FuncError for a text that is none. */
function parseConstraints(source: string): Constraint[][] {
  return splitText(withoutRanges(source), '||').map((group) => {
    if (!ALL().search(group, free).find(0)) throw new FuncError(`improper constraint: ${group}`)
    return [...EACH().search(group, free).findAll()].map((match) =>
      parseConstraint(group.slice(...(match[0] ?? [0, 0]))),
    )
  })
}

type Check = (version: Version, constraint: Constraint) => boolean

const same = (a: Version, b: Version): boolean => compareVersions(a, b) === 0

const notEqual: Check = (version, { version: wanted, dirty, minorDirty, patchDirty }) => {
  if (!dirty) return !same(version, wanted)
  if (wanted.major !== version.major) return true
  if (minorDirty) return false
  if (wanted.minor !== version.minor) return true
  if (!patchDirty) return wanted.patch !== version.patch || !same(version, wanted)
  return (version.pre !== '' || wanted.pre !== '') && comparePrereleases(version.pre, wanted.pre) !== 0
}

const greater: Check = (version, { version: wanted, dirty, minorDirty, patchDirty }) => {
  if (!dirty) return compareVersions(version, wanted) > 0
  if (version.major !== wanted.major) return version.major > wanted.major
  if (minorDirty) return false
  if (patchDirty) return version.minor > wanted.minor
  return compareVersions(version, wanted) > 0
}

const atMost: Check = (version, { version: wanted, dirty, minorDirty }) => {
  if (!dirty) return compareVersions(version, wanted) <= 0
  if (version.major > wanted.major) return false
  return version.major !== wanted.major || version.minor <= wanted.minor || minorDirty
}

const tilde: Check = (version, { version: wanted, minorDirty, patchDirty }) => {
  if (compareVersions(version, wanted) < 0) return false
  const zero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n
  if (zero && !minorDirty && !patchDirty) return true
  return version.major === wanted.major && (version.minor === wanted.minor || minorDirty)
}

const equal: Check = (version, constraint) =>
  constraint.dirty ? tilde(version, constraint) : same(version, constraint.version)

const caret: Check = (version, { version: wanted, minorDirty, patchDirty }) => {
  if (compareVersions(version, wanted) < 0) return false
  if (wanted.major > 0n || minorDirty) return version.major === wanted.major
  if (version.major > 0n) return false
  if (wanted.minor > 0n || patchDirty) return version.minor === wanted.minor
  return version.minor === 0n && version.patch === wanted.patch
}

const atLeast: Check = (version, { version: wanted }) => compareVersions(version, wanted) >= 0
const less: Check = (version, { version: wanted }) => compareVersions(version, wanted) < 0

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['', equal],
  ['=', equal],
  ['!=', notEqual],
  ['>', greater],
  ['<', less],
  ['>=', atLeast],
  ['=>', atLeast],
  ['<=', atMost],
  ['=<', atMost],
  ['~', tilde],
  ['~>', tilde],
  ['^', caret],
])

/** Pre-releases satisfy only groups that name a pre-release themselves. */
function satisfies(version: Version, groups: readonly (readonly Constraint[])[]): boolean {
  return groups.some((group) => {
    if (version.pre !== '' && group.every((constraint) => constraint.version.pre === '')) return false
    return group.every((constraint) => CHECKS.get(constraint.operator)?.(version, constraint) ?? false)
  })
}

const SEMVER: GoType = { kind: 'struct', name: 'semver.Version', fields: () => new Map() }
const SEMVER_POINTER: GoType = {
  ...pointerTo(SEMVER),
  methods: () => METHODS,
  marshal: (raw) => goJsonString(versionText(raw as Version)),
}

function getter(result: GoType, read: (version: Version) => GoValue): GoMethod {
  return { params: [], result, call: (raw) => read(raw as Version) }
}

function comparison(result: GoType, read: (order: number) => GoValue): GoMethod {
  return {
    params: [SEMVER_POINTER],
    result,
    call: (raw, [other]) => {
      const theirs = other instanceof Typed ? (other.raw as Version | undefined) : undefined
      if (theirs === undefined)
        throw new FuncError('runtime error: invalid memory address or nil pointer dereference')
      return read(compareVersions(raw as Version, theirs))
    },
  }
}

const BOOL: GoType = { kind: 'bool', name: 'bool' }

const METHODS: ReadonlyMap<string, GoMethod> = new Map([
  ['Major', getter(UINT64, ({ major }) => new Typed(UINT64, major))],
  ['Minor', getter(UINT64, ({ minor }) => new Typed(UINT64, minor))],
  ['Patch', getter(UINT64, ({ patch }) => new Typed(UINT64, patch))],
  ['Prerelease', getter(STRING, ({ pre }) => pre)],
  ['Metadata', getter(STRING, ({ metadata }) => metadata)],
  ['Original', getter(STRING, ({ original }) => original)],
  ['String', getter(STRING, versionText)],
  ['Compare', comparison(INT, BigInt)],
  ['Equal', comparison(BOOL, (result) => result === 0)],
  ['LessThan', comparison(BOOL, (result) => result < 0)],
  ['LessThanEqual', comparison(BOOL, (result) => result <= 0)],
  ['GreaterThan', comparison(BOOL, (result) => result > 0)],
  ['GreaterThanEqual', comparison(BOOL, (result) => result >= 0)],
])

export const SEMVER_FUNCS: Record<string, TemplateFunc> = {
  semver: fixed(['string'], ([version], { charge }) => {
    charge(text(version).length)
    return new Typed(SEMVER_POINTER, parseVersion(text(version)))
  }),
  semverCompare: fixed(['string', 'string'], ([constraint, version], { charge }) => {
    charge((text(constraint).length + text(version).length) * 16)
    const groups = parseConstraints(text(constraint))
    return satisfies(parseVersion(text(version)), groups)
  }),
}
