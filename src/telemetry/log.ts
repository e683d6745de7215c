// Structured log lines: one JSON object a line, `time`, `level` and `message` first.
// Callers give names, numbers and codes; a pod, an env value or a text that quotes one never becomes a field.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'off'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Undefined fields are left out. None has the name of one that every line has. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
> & {
  readonly [Name in 'time' | 'level' | 'message']?: never
}

export interface Log {
  readonly debug: (message: string, fields?: LogFields) => void
  readonly info: (message: string, fields?: LogFields) => void
  readonly warn: (message: string, fields?: LogFields) => void
  readonly error: (message: string, fields?: LogFields) => void
}

/** Names are at most 253 characters in Kubernetes; anything longer did not come from an API server. */
const LONGEST_FIELD = 1024

/** A line that can still be written out: many at once cost less than each in the middle of something else. */
export type Line = () => string

/** `write` gets whole lines, and how urgent they are; `now` gives milliseconds since 1970. Fields are not changed later. */
export function createLog(
  write: (line: Line, level: LogLevel) => unknown,
  level: LogLevel,
  now: () => number,
): Log {
  const from = LOG_LEVELS.indexOf(level)
  const clock = { ms: Number.NaN, text: '' }
  const timeOf = (ms: number): string => {
    if (ms !== clock.ms) {
      clock.ms = ms
      clock.text = new Date(ms).toISOString()
    }
    return clock.text
  }
  const at = (name: LogLevel): Log['info'] => {
    if (LOG_LEVELS.indexOf(name) < from) return () => undefined
    return (message, fields = {}) => {
      const ms = now()
      const line = (): string =>
        `{"time":"${timeOf(ms)}","level":"${name}","message":${JSON.stringify(shorten(message))}${members(fields)}}\n`
      write(line, name)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function members(fields: LogFields): string {
  let text = ''
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    const shown =
      typeof value === 'string' ? shorten(value) : typeof value === 'object' ? value.map(shorten) : value
    text += `,"${key}":${JSON.stringify(shown)}`
  }
  return text
}

function shorten(value: string): string {
  return value.length > LONGEST_FIELD ? `${value.slice(0, LONGEST_FIELD)}…` : value
}
