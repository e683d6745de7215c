// The documents of a command's input, parsed, with the pods in them. Every document has to be an object of Kubernetes;
// one that is not fails the command before anything is written.

import type { NamespaceInfo } from '../../api/mesh.ts'
import { namespaceInfo } from '../../mesh/cluster-objects.ts'
import { isObject, type Json, own, setOwn } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { type Document, parseDocumentText, readSources, splitSource } from '../documents.ts'
import type { Io } from '../io.ts'
import { locate } from '../print.ts'
import { objectsOf } from '../view.ts'
import { positionIn } from './place-problem.ts'
import { type PodPlace, podPlaces } from './workloads.ts'

export interface Manifest {
  readonly document: Document
  readonly data: Json
  readonly places: readonly PodPlace[]
}

export async function readManifests(io: Io, names: readonly string[]): Promise<Manifest[]> {
  const sources = await readSources(io, names)
  return sources.flatMap(splitSource).map((document) => {
    const data = parseDocumentText(document)
    checkObject(document, data)
    return { document, data, places: placesIn(document, data) }
  })
}

function placesIn(document: Document, data: Json): PodPlace[] {
  try {
    return podPlaces(data)
  } catch (error) {
    throw locate(error, { file: document.source.name, ...positionIn(document, []) })
  }
}

function checkObject(document: Document, data: Json): void {
  if (data === null) return // an empty document, or comments only
  const file = document.source.name
  const found = isObject(data)
    ? missing(data)
    : `found ${Array.isArray(data) ? 'a list' : `the text ${shown(data)}`}`
  if (found === undefined) return
  const message = `expected an object with apiVersion and kind, ${found}`
  throw new ProblemError('invalid-object', message, { file, ...positionIn(document, []) })
}

function missing(data: Record<string, Json>): string | undefined {
  const absent = ['apiVersion', 'kind'].filter((key) => typeof own(data, key) !== 'string')
  return absent.length === 0
    ? undefined
    : `${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} missing`
}

function shown(data: Json): string {
  const text = JSON.stringify(data)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

/** Namespaces that the input itself holds, by name. */
export function namespacesIn(manifests: readonly Manifest[]): Record<string, NamespaceInfo> {
  const found: Record<string, NamespaceInfo> = {}
  for (const object of manifests.flatMap((manifest) => objectsOf(manifest.data))) {
    const info = isObject(object) && own(object, 'kind') === 'Namespace' ? namespaceInfo(object) : undefined
    if (info !== undefined) setOwn(found, info.name, info)
  }
  return found
}
