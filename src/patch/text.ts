// JSON text of a patch, byte for byte as JSON.stringify writes it. Parts that come in one patch after the other (frozen, and
// remembered by typed.ts) are written once. In goes plain JSON data, which is not changed.
//
// The pieces are collected and joined: text that grows by `+` is a tree of halves, which costs more to lay out in the end
// than all the rest.

import { narrow } from '../std/narrow.ts'
import { remembering } from '../std/remember.ts'
import type { Operation } from './diff.ts'
import { textOfRemembered } from './typed.ts'

const UNSAFE = /["\\\u0000-\u001f\ud800-\udfff]/

export function jsonText(operations: readonly Operation[]): string {
  if (operations.length === 0) return '[]'
  const pieces: string[] = []
  let mark = '[{"op":"'
  for (const { op, path, from, value } of operations) {
    pieces.push(mark, op, '","path":"', inner(path))
    if (from !== undefined) pieces.push('","from":"', inner(from))
    if (value === undefined) pieces.push('"')
    else {
      pieces.push('","value":')
      write(value, pieces)
    }
    mark = '},{"op":"'
  }
  pieces.push('}]')
  return pieces.join('')
}

/** A JSON string without its quotes. */
function inner(text: string): string {
  return UNSAFE.test(text) ? JSON.stringify(text).slice(1, -1) : text
}

function write(value: unknown, pieces: string[]): void {
  if (typeof value === 'string') writeString(value, pieces)
  else if (typeof value !== 'object' || value === null) pieces.push(JSON.stringify(value))
  else {
    const known = textOfRemembered(value)
    if (known !== undefined) pieces.push(known)
    else if (Array.isArray(value)) writeList(value, pieces)
    else writeObject(value as Readonly<Record<string, unknown>>, pieces)
  }
}

function writeString(text: string, pieces: string[]): void {
  pieces.push('"', inner(text), '"')
}

function writeList(list: readonly unknown[], pieces: string[]): void {
  pieces.push('[')
  for (let i = 0; i < list.length; i++) {
    if (i > 0) pieces.push(',')
    write(list[i], pieces)
  }
  pieces.push(']')
}

function writeObject(object: Readonly<Record<string, unknown>>, pieces: string[]): void {
  let mark = '{'
  for (const key of Object.keys(object)) {
    const value = object[key]
    // Members that are undefined do not exist.
    if (value === undefined) continue
    pieces.push(mark, memberStart(key))
    write(value, pieces)
    mark = ','
  }
  pieces.push(mark === '{' ? '{}' : '}')
}

/** What members begin with, by their names, which come again and again. */
const memberStart = remembering((key) => narrow(`${JSON.stringify(key)}:`), { most: 1024, longest: 128 })
