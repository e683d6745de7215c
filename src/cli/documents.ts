// Manifests as people have them: files, folders, standard input; several documents in one text; YAML or JSON.
// In: names. Out: texts cut into documents whose pieces put together are the text again, byte for byte.

import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Json } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'
import { type Io, readAll } from './io.ts'
import { ioProblem } from './output.ts'

export interface Source {
  /** As people know it: the file's name, or `standard input`. */
  readonly name: string
  readonly text: string
}

export interface Document {
  readonly source: Source
  /** The `---` line before it with its line end; empty for the first document of a text. */
  readonly separator: string
  readonly text: string
  /** Lines of the source before the document's first line. */
  readonly line: number
}

const MANIFEST = /\.(?:ya?ml|json)$/

/** Texts of all names: `-` is standard input, a folder stands for the manifests in it, by name. */
export async function readSources(io: Io, names: readonly string[]): Promise<Source[]> {
  const sources: Source[] = []
  for (const name of names) {
    if (name === '-')
      sources.push({ name: 'standard input', text: decoded(await readAll(io), 'standard input') })
    else sources.push(...(await readPath(io, name)))
  }
  return sources
}

async function readPath(io: Io, name: string): Promise<Source[]> {
  const path = resolve(io.cwd, name)
  try {
    if (!(await stat(path)).isDirectory()) return [{ name, text: decoded(await readFile(path), name) }]
    const files = (await readdir(path)).filter((file) => MANIFEST.test(file)).toSorted()
    if (files.length === 0) {
      throw new ProblemError('io', `"${name}" holds no manifest`, {}, 'manifests end in .yaml, .yml or .json')
    }
    return (await Promise.all(files.map((file) => readPath(io, join(name, file))))).flat()
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw ioProblem('read', name, error)
  }
}

/** Text of a file that is given by a flag. */
export async function readTextFile(io: Io, name: string): Promise<string> {
  if (name === '-') return decoded(await readAll(io), 'standard input')
  try {
    return decoded(await readFile(resolve(io.cwd, name)), name)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw ioProblem('read', name, error)
  }
}

function decoded(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new ProblemError('invalid-yaml', 'the file is not UTF-8 text', { file: name })
  }
}

/** Cuts a text at its `---` lines as Kubernetes does: such a line holds nothing else but blanks and a comment. */
export function splitSource(source: Source): Document[] {
  const documents: Document[] = []
  const { text } = source
  let separator = ''
  let start = 0
  let startLine = 0
  let line = 0
  for (let at = 0; at < text.length; line++) {
    const newline = text.indexOf('\n', at)
    const end = newline === -1 ? text.length : newline + 1
    if (text.startsWith('---', at) && /^---\s*(?:#.*)?$/.test(text.slice(at, end).trimEnd())) {
      if (at > 0) documents.push({ source, separator, text: text.slice(start, at), line: startLine })
      separator = text.slice(at, end)
      start = end
      startLine = line + 1
    }
    at = end
  }
  documents.push({ source, separator, text: text.slice(start), line: startLine })
  return documents
}

/** The document's data; a fault in it is told with the line of the file. */
export function parseDocumentText(document: Document): Json {
  try {
    return parseYaml(document.text)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const line = error.where.line === undefined ? undefined : error.where.line + document.line
    const where = { ...error.where, ...(line === undefined ? {} : { line }), file: document.source.name }
    throw new ProblemError(
      error.code,
      `the document is not valid YAML: ${error.message.replace(/^yaml: (?:line \d+: )?/, '')}`,
      where,
      error.hint,
    )
  }
}

/** All documents of all sources as one text. Texts of different files are kept apart by `---`. */
export function joinDocuments(documents: readonly Document[], texts: readonly string[]): string {
  let result = ''
  let previous: Source | undefined
  for (const [i, document] of documents.entries()) {
    const apart = previous !== undefined && previous !== document.source && document.separator === ''
    if (previous !== document.source && result !== '' && !result.endsWith('\n')) result += '\n'
    result += (apart ? '---\n' : '') + document.separator + (texts[i] ?? document.text)
    previous = document.source
  }
  return result
}
