// Applies a JSON patch (RFC 6902) as an API server does. The work is fast-json-patch's, within its safe ground: it gets
// a copy without prototypes, so that `__proto__`, `constructor` and `toString` are members like any other, always
// validates, and sees add, remove, replace and test only (its move and copy refuse `__proto__`).

import fastJsonPatch from 'fast-json-patch'
import { cloneJson, equalJson, isObject, type Json, type JsonObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { Operation } from './diff.ts'
import { parsePointer, valueAt } from './pointer.ts'

/**
 * `document` with the operations applied in order; the inputs stay as they are, the result shares nothing with them.
 * @throws ProblemError('invalid-object') naming the first operation that cannot be applied
 */
export function applyPatch(document: Json, operations: readonly Operation[]): Json {
  let current = bare(document)
  operations.forEach((operation, i) => {
    const refuse = (why: string): ProblemError =>
      new ProblemError(
        'invalid-object',
        `patch operation ${i} (${operation.op} ${JSON.stringify(operation.path)}): ${why}`,
      )
    for (const step of plain(current, operation, refuse)) current = applyOne(current, step, refuse)
  })
  return cloneJson(current)
}

type Refuse = (why: string) => ProblemError

function applyOne(document: Json, operation: Operation, refuse: Refuse): Json {
  const tokens = parsePointer(operation.path)
  if (tokens === undefined) throw refuse('the path is no JSON pointer')
  if (tokens.length > 0 && !isParent(valueAt(document, tokens.slice(0, -1)), tokens.at(-1) ?? '')) {
    throw refuse('nothing can be at that path')
  }
  if (operation.op === 'test') {
    const there = valueAt(document, tokens)
    if (there === undefined || !equalJson(there, operation.value))
      throw refuse('the value there is another one')
    return document
  }
  try {
    return fastJsonPatch.applyOperation(document, operation as fastJsonPatch.Operation, true, true, false)
      .newDocument
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw refuse((error.message.split('\n', 1)[0] ?? '').toLowerCase())
  }
}

/** Whether `token` can name a member of `value`: any text in an object, an index or `-` in a list. */
function isParent(value: Json | undefined, token: string): boolean {
  return isObject(value) || (Array.isArray(value) && /^(-|0|[1-9][0-9]*)$/.test(token))
}

/** The operation in terms of add, remove, replace and test, with values of its own. */
function plain(document: Json, operation: Operation, refuse: Refuse): Operation[] {
  const { op, path } = operation
  if (op === 'remove') return [{ op, path }]
  if (op !== 'move' && op !== 'copy') {
    if (operation.value === undefined) throw refuse('there is no value')
    return [{ op, path, value: bare(operation.value) }]
  }
  const from = operation.from ?? ''
  const source = parsePointer(from)
  const value = source === undefined ? undefined : valueAt(document, source)
  if (value === undefined) throw refuse(`there is nothing at ${JSON.stringify(operation.from ?? null)}`)
  if (op === 'copy') return [{ op: 'add', path, value: bare(value) }]
  if (path === from) return []
  if (path.startsWith(`${from}/`)) throw refuse('a value cannot be moved into itself')
  return [
    { op: 'remove', path: from },
    { op: 'add', path, value },
  ]
}

/** A copy whose objects have no prototype. */
function bare(value: Json): Json {
  if (Array.isArray(value)) return value.map(bare)
  if (!isObject(value)) return value
  const copy: JsonObject = Object.create(null)
  for (const key of Object.keys(value)) {
    const member = value[key]
    if (member !== undefined) copy[key] = bare(member)
  }
  return copy
}
