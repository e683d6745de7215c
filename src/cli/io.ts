// Everything a command may touch of its process, as one value: streams, environment, folder, signals.
// Commands get an Io and never use `process`, so tests run them in-process with an Io of their own.
// A command ends normally (code 0), throws a ProblemError (code 1; 2 for code `usage`), or throws Exit.

export interface Sink {
  /** Accepts text at once; the return value says nothing. */
  write(text: string): unknown
}

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

export interface Io {
  /** Chunks of standard input; read by at most one reader. */
  readonly stdin: AsyncIterable<Uint8Array>
  /** Data only. */
  readonly stdout: Sink
  /** Everything that is said to a person. */
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative file names are resolved against it. */
  readonly cwd: string
  /** Whether standard output is a terminal. */
  readonly isTTY: boolean
  /** Whether somebody can be asked: standard input is a terminal. */
  readonly canAsk: boolean
  /** Calls `handler` at each such signal instead of ending the process; the result takes the handler off again. */
  readonly onSignal: (signal: Signal, handler: () => void) => () => void
}

/** Exit codes of every command (design §4). */
export const EXIT = { ok: 0, error: 1, usage: 2, findings: 3, blocked: 4, cancelled: 5 } as const

/** Ends a command with a code and nothing to print: what there was to say has been said. */
export class Exit extends Error {
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.name = 'Exit'
    this.code = code
  }
}

/** All of standard input as bytes. */
export async function readAll(io: Io): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of io.stdin) chunks.push(chunk)
  return Buffer.concat(chunks)
}
