// The functions of sprig that read versions, and the methods of what they return.

import { goJsonString } from '../../std/gojson.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { INT, pointerTo, STRING, UINT64 } from '../types.ts'
import { type GoMethod, type GoType, type GoValue, Typed } from '../value.ts'
import { parseConstraints, satisfies } from './constraint.ts'
import { fixed, text } from './go.ts'
import { compareVersions, parseVersion, type Version, versionText } from './version.ts'

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
