// The command tree: names, flags, help and examples. Commands themselves are imported when they run, so that starting
// costs only this file and commander. Returns exit codes, never ends the process.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { EXIT, Exit, type Io } from './io.ts'
import { DATA_FORMATS, type DataFormat } from './output.ts'
import { reportProblem } from './print.ts'

/** Runs one command line (without `node` and script) and returns its exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await buildProgram(io).parseAsync(argv, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof Exit) return error.code
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportProblem(io, error)
  }
}

export function buildProgram(io: Io): Command {
  const program = new Command('remora')
  program
    .description('Attaches the right sidecar to every pod, and says why.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(usageText(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .helpCommand('help [command]', 'help for a command')
  addVersion(program, io)
  addCompletion(program, io)
  return program
}

/** Commander's message as `error:` and `hint:` lines: its suggestion, in brackets on a line of its own, is the hint. */
function usageText(text: string): string {
  const [message = '', ...rest] = text.trimEnd().split('\n')
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1')
  const hint = suggestion === '' ? 'see --help' : suggestion.replace(/^Did you mean/, 'did you mean')
  return `${message}\nhint: ${hint}\n`
}

export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

export function dataFormatOption(): Option {
  return new Option('-o, --output <format>', 'form of the output').choices(DATA_FORMATS).default('text')
}

function addVersion(program: Command, io: Io): void {
  program
    .command('version')
    .description('print the version of remora and the newest Istio release whose rules it knows')
    .addOption(dataFormatOption())
    .addHelpText('after', example('remora version -o json'))
    .action(async (options: { output: DataFormat }) => {
      const { printVersion } = await import('./version.ts')
      await printVersion(io, options.output)
    })
}

function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish', (shell: string) => {
      if (['bash', 'zsh', 'fish'].includes(shell)) return shell
      throw new InvalidArgumentError('Allowed choices are bash, zsh, fish.')
    })
    .addHelpText('after', example('source <(remora completion bash)'))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion.ts')
      io.stdout.write(completionScript(program, shell))
    })
}
