// Where in a file a problem of one object is: the object's first line, or the line of the annotation or field that the
// problem is about, as far as it names one.

import { POD } from '../../patch/schema.ts'
import { decode } from '../../patch/typed.ts'
import { isObject, own } from '../../std/json.ts'
import { ProblemError, type Where } from '../../std/problem.ts'
import type { Document } from '../documents.ts'
import { positionOf } from '../edit/tree.ts'
import { culprit, foundText, throws } from './culprit.ts'
import type { FieldStep } from './field-path.ts'
import type { PodPlace } from './workloads.ts'

/** 1-based line and column in the document's file of what stands at `path`, or of the nearest thing around it. */
export function positionIn(
  document: Document,
  path: readonly (string | number)[],
): { line: number; column: number } {
  const { line, column } = positionOf(document.text, path)
  return { line: line + document.line, column }
}

/** `error` with file, line, column and object filled in, where it is a problem and does not know them itself. */
export function locatedIn(error: unknown, document: Document, place: PodPlace): unknown {
  if (!(error instanceof ProblemError)) return error
  const typing = typingIn(error, place)
  const inside = typing?.path ?? annotationOf(error, place)
  const path = inside.length === 0 ? place.objectPath : [...place.path, ...inside]
  const where: Where = {
    ...error.where,
    file: document.source.name,
    ...positionIn(document, path),
    object: place.title,
  }
  return new ProblemError(error.code, error.message, where, error.hint ?? typing?.hint)
}

/** The field whose type is wrong, where that is the problem. */
function typingIn(error: ProblemError, place: PodPlace): { path: FieldStep[]; hint?: string } | undefined {
  if (!error.message.includes('cannot unmarshal')) return undefined
  const path = culprit(place.template, (candidate) => throws(() => decode(POD, candidate)))
  const hint = foundText(error.message, place.template, path)
  return path.length === 0 ? undefined : { path, ...(hint === undefined ? {} : { hint }) }
}

/** The annotation that the problem names in its field or its message; empty when it names none. */
function annotationOf(error: ProblemError, place: PodPlace): readonly string[] {
  const metadata = own(place.template, 'metadata')
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined
  const named = `${error.where.field ?? ''} ${error.message}`
  const found = isObject(annotations)
    ? Object.keys(annotations).find((name) => named.includes(name))
    : undefined
  return found === undefined ? [] : ['metadata', 'annotations', found]
}
