// Completion scripts: bash completes what the command tree has; zsh and fish scripts name every command and flag.

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runRemora } from './memory-io.ts'

const script = async (shell: string): Promise<string> => (await runRemora(['completion', shell])).stdout
const hasBash = spawnSync('bash', ['--version']).status === 0

/** What bash offers for a command line whose last word is being typed. */
async function completed(line: string): Promise<string[]> {
  const words = line.split(' ')
  const program = `${await script('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_remora
printf '%s\\n' "\${COMPREPLY[@]}"`
  const run = spawnSync('bash', ['-c', program], { encoding: 'utf8', cwd: import.meta.dirname })
  expect(run.stderr).toBe('')
  return run.stdout.split('\n').filter((word) => word !== '')
}

describe.skipIf(!hasBash)('bash completion', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['remora k', ['kube-inject']],
    ['remora template ', ['lint', 'render']],
    ['remora tag ', ['list', 'set', 'generate', 'remove']],
    ['remora tag set --rev', ['--revision']],
    ['remora check -o y', ['yaml']],
    ['remora inject --inj', ['--injectConfigFile', '--injectConfigMapName', '--injector-env']],
    ['remora inject --compat ', ['istio', 'improved']],
    ['remora inject --compat improved --structure r', ['refuse']],
    ['remora explain -o j', ['json']],
    ['remora completion ', ['bash', 'zsh', 'fish']],
    ['remora inject -f memory', ['memory-io.ts']],
    ['remora uninject memory', ['memory-io.ts']],
    ['remora inject -f memory-io.ts --di', ['--diff']],
  ]
  it.each(rows)('%s', async (line, want) => {
    const got = await completed(line)
    for (const word of want) expect(got).toContain(word)
    const typed = line.split(' ').at(-1) ?? ''
    expect(got.filter((word) => !word.startsWith(typed))).toEqual([])
  })

  it('offers every command at the start', async () => {
    const help = (await runRemora(['--help'])).stdout
    const commands = [...help.matchAll(/^ {2}([a-z-]+)(?: \[| <| {2})/gm)].map((match) => match[1])
    expect(commands.length).toBeGreaterThan(9)
    expect(await completed('remora ')).toEqual(expect.arrayContaining(commands))
  })
})

describe('completion scripts', () => {
  it('zsh uses the bash one through bashcompinit', async () => {
    const text = await script('zsh')
    expect(text).toMatch(/^#compdef remora\nautoload -U \+X bashcompinit && bashcompinit\n/)
    expect(text).toContain(await script('bash'))
  })

  it('fish knows commands, sub-commands, flags and their choices', async () => {
    const text = await script('fish')
    expect(text).toContain("complete -c remora -n 'not __fish_seen_subcommand_from kube-inject inject ")
    expect(text).toContain(
      "-n '__fish_seen_subcommand_from template; and not __fish_seen_subcommand_from lint render help' -a lint",
    )
    expect(text).toContain("-n '__fish_seen_subcommand_from inject' -l compat -x -a 'istio improved'")
    expect(text).toContain("-n '__fish_seen_subcommand_from inject' -s f -l filename -r -F")
  })
})
