// remora's command line beside a test cluster, as its users run it: a process of its own, with an administrator's
// kubeconfig. From source.

import { resolve } from 'node:path'
import { run, type Said } from './kubectl.ts'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

/** `remora ARGS`; any exit code resolves. */
export function remoraSays(kubeconfig: string, args: readonly string[]): Promise<Said> {
  return run(process.execPath, [MAIN, ...args], { KUBECONFIG: kubeconfig })
}

/** Standard output of `remora ARGS`; throws with its words when it fails. */
export async function remoraDoes(kubeconfig: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await remoraSays(kubeconfig, args)
  if (code !== 0) throw new Error(`remora ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`)
  return stdout
}
