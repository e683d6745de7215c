// JSON text of a patch, byte for byte as JSON.stringify writes it. Parts that come in one patch after the other (frozen, and
// remembered by typed.ts) are written once. In goes plain JSON data, which is not changed.

import type { Json } from '../std/json.ts'
import { isRemembered } from './typed.ts'

/** Texts of remembered parts. */
const texts = new WeakMap<object, string>()

const UNSAFE = /["\\\u0000-\u001f\ud800-\udfff]/

/** Members that are undefined are left out. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return UNSAFE.test(value) ? JSON.stringify(value) : `"${value}"`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const known = texts.get(value)
  if (known !== undefined) return known
  if (isRemembered(value)) {
    const text = JSON.stringify(value)
    texts.set(value, text)
    return text
  }
  return Array.isArray(value) ? listText(value) : objectText(value as Record<string, Json | undefined>)
}

function listText(list: readonly unknown[]): string {
  let text = ''
  for (let i = 0; i < list.length; i++) text += (i === 0 ? '' : ',') + jsonText(list[i])
  return `[${text}]`
}

function objectText(object: Readonly<Record<string, Json | undefined>>): string {
  let text = ''
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    text += `${text === '' ? '' : ','}${jsonText(key)}:${jsonText(value)}`
  }
  return `{${text}}`
}
