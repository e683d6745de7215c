// The command tree: every command explains itself, and its examples are command lines it understands.

import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { memoryIo, runRemora } from './memory-io.ts'

function leaves(command: Command, path: readonly string[]): { command: Command; path: readonly string[] }[] {
  if (command.commands.length === 0) return [{ command, path }]
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]))
}

const program = buildProgram(memoryIo({}).io)
const all = leaves(program, [])

describe.each(all.map(({ command, path }) => ({ name: path.join(' '), command, path })))(
  'remora $name',
  ({ path }) => {
    it('has help with an example, and ends with 0', async () => {
      const said = await runRemora([...path, '--help'])
      expect([said.code, said.stderr]).toEqual([0, ''])
      expect(said.stdout).toContain(`Usage: remora ${path.join(' ')}`)
      expect(said.stdout).toContain('\nExample:\n  ')
    })

    it('knows the flags of its examples', async () => {
      const { stdout } = await runRemora([...path, '--help'])
      const examples = stdout.slice(stdout.indexOf('\nExample:\n')).split('\n').slice(2)
      const commands = examples
        .flatMap((line) => line.split(/[|(]/))
        .filter((part) => /^\s*<?\(?remora /.test(part))
      expect(commands.length).toBeGreaterThan(0)
      for (const text of commands) {
        const words = text.trim().split(/\s+/).slice(1)
        const found = all.find((each) => each.path.every((name, i) => words[i] === name))
        const known = found?.command.options.flatMap((option) => [option.short, option.long]) ?? []
        const flags = words.filter((word) => /^--?[a-zA-Z]/.test(word))
        expect([text, flags.filter((flag) => !known.includes(flag))]).toEqual([text, []])
      }
    })

    it('refuses a flag it does not know with code 2', async () => {
      const said = await runRemora([...path, '--no-such-flag'])
      expect([said.code, said.stdout]).toEqual([2, ''])
      expect(said.stderr).toMatch(/^error: .*\nhint: /)
    })
  },
)

it('prints its version', async () => {
  const said = await runRemora(['--version'])
  expect(said).toEqual({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})
