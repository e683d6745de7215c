// Whether a review fits the types that Istio decodes it into, and in Go's words the first value that does not.

import { exactField } from '../patch/field-names.ts'
import type { SchemaType } from '../patch/schema.ts'
import { isObject, type Json } from '../std/json.ts'
import { REVIEW, REVIEW_VERSIONS } from './review-types.ts'

/** What is wrong with the types of `review`, of version `apiVersion`; undefined when they fit. */
export function reviewMisfit(review: Json, apiVersion: string): string | undefined {
  return fits(REVIEW, review) ? undefined : typeMisfit(REVIEW, review, apiVersion)
}

/** What Go calls the kind of a JSON value. */
export function jsonKind(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Types of the admission package itself are `v1beta1.…` in a v1beta1 review; the others keep their package. */
const ADMISSION_TYPES = /^v1\.(AdmissionRequest|Operation)$/

/** The first value that does not fit the shape of a review, in the order of the text and in Go's words. */
function typeMisfit(root: SchemaType, review: Json, apiVersion: string): string | undefined {
  const goName = (name: string): string =>
    apiVersion === REVIEW_VERSIONS[1] ? name.replace(ADMISSION_TYPES, 'v1beta1.$1') : name
  const misfit = (value: Json, type: SchemaType, struct: string, path: string): string =>
    `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${struct}.${path} of type ${goName(type.name)}`
  const visit = (type: SchemaType, value: Json, struct: string, path: string): string | undefined => {
    if (value === null || type.kind === 'raw') return undefined
    const { elem } = type
    if (type.kind === 'pointer' && elem !== undefined) return visit(elem, value, struct, path)
    if (type.kind === 'list' && Array.isArray(value) && elem !== undefined) {
      return firstDefined(value, (item) => visit(elem, item, struct, path))
    }
    if (type.kind === 'map' && isObject(value) && elem !== undefined) {
      return firstDefined(Object.values(value), (item) => visit(elem, item, struct, path))
    }
    if (type.kind === 'struct' && isObject(value)) {
      const name = type.name.slice(type.name.indexOf('.') + 1)
      return firstDefined(Object.keys(value), (key) => {
        const field = type.json.find((candidate) => candidate.json === key)
        const child = value[key]
        if (field === undefined || child === undefined) return undefined
        return visit(field.type, child, name, path === '' ? key : `${path}.${key}`)
      })
    }
    const fits = type.kind === 'bool' ? typeof value === 'boolean' : typeof value === type.kind
    return fits ? undefined : misfit(value, type, struct, path)
  }
  return visit(root, review, '', '')
}

/** Whether every value fits the shape, without saying which does not. */
function fits(type: SchemaType, value: Json): boolean {
  if (value === null || type.kind === 'raw') return true
  const { kind, elem } = type
  if (kind === 'string' || kind === 'bool') return typeof value === (kind === 'bool' ? 'boolean' : 'string')
  if (kind === 'pointer' && elem !== undefined) return fits(elem, value)
  if (kind === 'list' && elem !== undefined) {
    return Array.isArray(value) && value.every((item) => fits(elem, item))
  }
  if (!isObject(value)) return false
  for (const key in value) {
    const child = value[key]
    const there = kind === 'map' ? elem : exactField(type, key)?.type
    if (child !== undefined && there !== undefined && !fits(there, child)) return false
  }
  return true
}

function firstDefined<T, R>(items: readonly T[], look: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}
