// Where in a file a problem of one object is: the object's first line, or the line of the annotation or field that the
// problem is about, as far as it names one.

import { ProblemError, type Where } from '../api/problem.ts'
import { isObject, own } from '../std/json.ts'
import type { Document } from './documents.ts'
import { type Part, readParts } from './edit-tree.ts'
import type { PodPlace } from './workloads.ts'

/** 1-based line and column in the document's file of what stands at `path`, or of the nearest thing around it. */
export function positionIn(
  document: Document,
  path: readonly (string | number)[],
): { line: number; column: number } {
  let part: Part | undefined = readParts(document.text)
  let at = part?.start ?? 0
  for (const step of path) {
    const entry = part?.entries.findLast((each, i) =>
      part?.kind === 'list' ? i === step : each.key === step,
    )
    if (entry === undefined) break
    at = entry.start
    part = entry.value
  }
  const before = document.text.slice(0, at)
  const line = before.split('\n').length
  return { line: line + document.line, column: at - (before.lastIndexOf('\n') + 1) + 1 }
}

/** `error` with file, line, column and object filled in, where it is a problem and does not know them itself. */
export function locatedIn(error: unknown, document: Document, place: PodPlace): unknown {
  if (!(error instanceof ProblemError)) return error
  const inside = pathOf(error, place)
  const path = inside.length === 0 ? place.objectPath : [...place.path, ...inside]
  const where: Where = {
    ...error.where,
    file: document.source.name,
    ...positionIn(document, path),
    object: place.title,
  }
  return new ProblemError(error.code, error.message, where, error.hint)
}

/** The annotation that the problem names in its field or its message; empty when it names none. */
function pathOf(error: ProblemError, place: PodPlace): readonly string[] {
  const metadata = own(place.template, 'metadata')
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined
  const named = `${error.where.field ?? ''} ${error.message}`
  const found = isObject(annotations)
    ? Object.keys(annotations).find((name) => named.includes(name))
    : undefined
  return found === undefined ? [] : ['metadata', 'annotations', found]
}
