// Constraints on semantic versions (`^1.2 || ~2.0.1`), as Masterminds/semver 3.4 reads and checks them.

import { FuncError } from '../func.ts'
import { splitText } from './strings.ts'
import {
  comparePrereleases,
  compareVersions,
  free,
  onFirstUse,
  parseVersion,
  TAIL,
  type Version,
} from './version.ts'

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
export function parseConstraints(source: string): Constraint[][] {
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
export function satisfies(version: Version, groups: readonly (readonly Constraint[])[]): boolean {
  return groups.some((group) => {
    if (version.pre !== '' && group.every((constraint) => constraint.version.pre === '')) return false
    return group.every((constraint) => CHECKS.get(constraint.operator)?.(version, constraint) ?? false)
  })
}
