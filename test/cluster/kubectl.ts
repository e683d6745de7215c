// kubectl beside a cluster whose parts are played in this process: never waited for in a way that would stop them.

import { execFile } from 'node:child_process'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program; any exit code resolves. */
export function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Said> {
  const { promise, resolve } = Promise.withResolvers<Said>()
  const options = { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env } } as const
  execFile(program, [...args], options, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
    resolve({ code, stdout, stderr })
  })
  return promise
}

/** Standard output of a program; throws with its words when it fails. */
export async function runOk(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${code}\n${stderr}`)
  return stdout
}
