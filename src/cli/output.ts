// Where results go: standard output, or a file that is there whole or not at all.
// Text is complete before anything is written; a file is written beside its place and moved there.

import { randomUUID } from 'node:crypto'
import { rename, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Json } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { Io } from './io.ts'

export type DataFormat = 'text' | 'json' | 'yaml'

export const DATA_FORMATS: readonly DataFormat[] = ['text', 'json', 'yaml']

/** Prints data in the form asked for; `text` is what people get. */
export async function printData(io: Io, format: DataFormat, data: Json, text: string): Promise<void> {
  if (format === 'json') io.stdout.write(`${JSON.stringify(data, null, 2)}\n`)
  else if (format === 'yaml') io.stdout.write((await import('yaml')).stringify(data))
  else io.stdout.write(text)
}

/** Writes to `file`, or to standard output without one (`-` is standard output too). */
export async function writeOutput(io: Io, file: string | undefined, text: string): Promise<void> {
  if (file === undefined || file === '' || file === '-') io.stdout.write(text)
  else await replaceFile(resolve(io.cwd, file), file, text)
}

/** Replaces a file in one step, keeping its mode; anything but a plain file (a device, a pipe) is written to directly. */
async function replaceFile(path: string, shown: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const existing = await stat(path).catch(() => undefined)
    if (existing !== undefined && !existing.isFile()) {
      await writeFile(path, text)
      return
    }
    await writeFile(temporary, text, existing === undefined ? {} : { mode: existing.mode })
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw ioProblem('write', shown, error)
  }
}

/** A failed file operation as a problem: `cannot read "x": no such file or directory`. */
export function ioProblem(verb: 'read' | 'write', file: string, error: unknown): ProblemError {
  const code = (error as NodeJS.ErrnoException).code
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
  }
  const reason = (code === undefined ? undefined : reasons[code]) ?? (error as Error).message
  return new ProblemError('io', `cannot ${verb} "${file}": ${reason}`)
}
