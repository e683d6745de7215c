// How a command speaks to people: `error:`, `warning:` and `hint:` lines on standard error.
// In comes whatever was thrown, out goes text that says where, what, and what to do; never a stack trace.

import { ProblemError, type Where } from '../std/problem.ts'
import { EXIT, type Io } from './io.ts'

/** `file:line:column: object: field`, as far as known; empty when nothing is. */
export function whereText(where: Where): string {
  const position = [where.file, where.line, where.line === undefined ? undefined : where.column]
  const place = position.filter((part) => part !== undefined).join(':')
  const start = where.file === undefined && place !== '' ? `line ${place}` : place
  return [start, where.object, where.field].filter((part) => part !== undefined && part !== '').join(': ')
}

/** A template error as the engine throws it: it can show the source line with a caret. */
interface Framed {
  frame(): string
}

function isFramed(error: unknown): error is Error & Framed {
  return error instanceof Error && 'frame' in error && typeof error.frame === 'function'
}

function frameOf(error: unknown): string | undefined {
  if (isFramed(error)) return error.frame()
  return error instanceof Error && isFramed(error.cause) ? error.cause.frame() : undefined
}

const indented = (line: string): string => (line === '' ? '' : `  ${line}`)

/** The lines for one problem: `error:` with place and message, the template's source frame, `hint:`. A hint of several lines is a frame. */
export function problemText(error: unknown): string {
  const lines: string[] = []
  if (error instanceof ProblemError) {
    const place = whereText(error.where)
    lines.push(`error: ${place === '' ? '' : `${place}: `}${error.message.trimEnd()}`)
  } else if (isFramed(error)) {
    lines.push(`error: ${error.message}`)
  } else {
    const message = error instanceof Error ? error.message : String(error)
    lines.push(`error: internal error: ${message}`, 'hint: this is a defect of remora; please report it')
  }
  const hint = error instanceof ProblemError ? error.hint : undefined
  const frame = frameOf(error) ?? (hint?.includes('\n') === true ? hint : undefined)
  if (frame !== undefined) lines.splice(1, 0, ...frame.trimEnd().split('\n').map(indented))
  if (hint !== undefined && hint !== frame) lines.push(`hint: ${hint}`)
  return `${lines.join('\n')}\n`
}

/** Prints a problem and returns the exit code that goes with it. */
export function reportProblem(io: Io, error: unknown): number {
  io.stderr.write(problemText(error))
  return error instanceof ProblemError && error.code === 'usage' ? EXIT.usage : EXIT.error
}

export function warn(io: Io, message: string, where: Where = {}): void {
  const place = whereText(where)
  io.stderr.write(`warning: ${place === '' ? '' : `${place}: `}${message}\n`)
}

/** The same problem with a place filled in where it had none; what it already knows stays. */
export function locate(error: unknown, where: Where): unknown {
  if (!(error instanceof ProblemError)) return error
  const located = new ProblemError(error.code, error.message, { ...where, ...error.where }, error.hint)
  if (error.cause !== undefined) located.cause = error.cause
  return located
}
