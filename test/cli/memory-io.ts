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
}

export async function runRemora(argv: readonly string[], given: Given = {}): Promise<Said> {
  let stdout = ''
  let stderr = ''
  const io: Io = {
    stdin: (async function* () {
      if (given.stdin !== undefined) yield Buffer.from(given.stdin)
    })(),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: given.env ?? {},
    cwd: given.cwd ?? '/nowhere',
    isTTY: false,
    onSignal: () => () => undefined,
  }
  const code = await run(argv, io)
  return { code, stdout, stderr }
}
