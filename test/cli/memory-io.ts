// An Io in memory: what a command says is collected, and it touches nothing of this process.

import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/program.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Given {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Standard input is a terminal, and `stdin` is what is typed there. */
  readonly canAsk?: boolean
}

/** An Io and what was written to it so far. */
export function memoryIo(given: Given): { io: Io; said: { stdout: string; stderr: string } } {
  const said = { stdout: '', stderr: '' }
  const io: Io = {
    stdin: (async function* () {
      if (given.stdin !== undefined) yield Buffer.from(given.stdin)
    })(),
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env: given.env ?? {},
    cwd: given.cwd ?? '/nowhere',
    isTTY: false,
    canAsk: given.canAsk === true,
    onSignal: () => () => undefined,
  }
  return { io, said }
}

export async function runRemora(argv: readonly string[], given: Given = {}): Promise<Said> {
  const { io, said } = memoryIo(given)
  const code = await run(argv, io)
  return { code, ...said }
}
