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

/** `write` gets whole lines; `now` gives milliseconds since 1970. */
export function createLog(write: (line: string) => unknown, level: LogLevel, now: () => number): Log {
  const from = LOG_LEVELS.indexOf(level)
  const at =
    (name: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(name) < from) return
      const line = { time: new Date(now()).toISOString(), level: name, message, ...fields }
      write(`${JSON.stringify(line, shorten)}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > LONGEST_FIELD
    ? `${value.slice(0, LONGEST_FIELD)}…`
    : value
}
