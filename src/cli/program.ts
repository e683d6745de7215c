// The command tree: names, flags, help and examples. Commands themselves are imported when they run, so that starting
// costs only this file and commander. Returns exit codes, never ends the process.

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { addClusterCommands } from './cluster/commands.ts'
import type { ExplainFlags } from './explain/explain.ts'
import {
  addSettingsFlags,
  dataFormatOption,
  example,
  filenameOption,
  namespaceOption,
  outputFileOption,
  tagOption,
  templateOption,
} from './flags.ts'
import type { AdmitFlags } from './inject/admit.ts'
import type { InjectFlags, UninjectFlags } from './inject/inject.ts'
import type { KubeInjectFlags } from './inject/kube-inject.ts'
import { EXIT, Exit, type Io } from './io.ts'
import { reportProblem } from './print.ts'
import type { TemplateLintFlags } from './template/lint.ts'
import type { TemplateRenderFlags } from './template/render.ts'
import { version } from './version.ts'
import { addWebhookCommand } from './webhook.ts'

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
    .version(version(), '-V, --version', 'print the version of remora')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .helpCommand('help [command]', 'help for a command')
  addKubeInject(program, io)
  addInject(program, io)
  addUninject(program, io)
  addAdmit(program, io)
  addExplain(program, io)
  addWebhookCommand(program, io)
  addTemplate(program, io)
  addClusterCommands(program, io)
  addCompletion(program, io)
  for (const command of [program, ...below(program)]) {
    command.configureOutput({ outputError: (text, write) => write(usageText(text, command)) })
  }
  return program
}

function below(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...below(child)])
}

/** Commander's message as `error:` and `hint:` lines: its suggestion, in brackets on a line of its own, is the hint. */
function usageText(text: string, command: Command): string {
  const [message = '', ...rest] = text.trimEnd().split('\n')
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1')
  const hint =
    suggestion === ''
      ? `see ${fullName(command)} --help`
      : suggestion.replace(/^Did you mean/, 'did you mean')
  return `${message}\nhint: ${hint}\n`
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`
}

const PATH_FLAG = [
  '--path <path>',
  'path that the webhook is called with, with env pairs',
  '/inject',
] as const

function addKubeInject(program: Command, io: Io): void {
  addSettingsFlags(
    program
      .command('kube-inject')
      .description(
        "inject manifests as istioctl kube-inject does: Istio's rules for files, and its printed form",
      )
      .option('-f, --filename <file>', 'manifest: a file, a folder, or - for standard input')
      .addOption(outputFileOption()),
  )
    .addHelpText('after', example('kubectl get deployment web -o yaml | remora kube-inject -f -'))
    .action(async (flags: KubeInjectFlags) =>
      (await import('./inject/kube-inject.ts')).kubeInjectCommand(io, flags),
    )
}

function addInject(program: Command, io: Io): void {
  addSettingsFlags(
    program
      .command('inject')
      .description('inject manifests as the webhook would, as an edit of their text: comments and order stay')
      .addOption(filenameOption())
      .addOption(outputFileOption())
      .addOption(namespaceOption())
      .option('--diff', 'print a unified diff instead')
      .option(...PATH_FLAG)
      .addOption(tagOption()),
  )
    .addHelpText('after', example('remora inject -f app.yaml', 'remora inject -f app.yaml --diff --offline'))
    .action(async (flags: InjectFlags) => (await import('./inject/inject.ts')).injectCommand(io, flags))
}

const UNINJECT_LIMITS = `
What remora inject wrote comes out exactly. A pod that Istio injected, or remora's webhook under --compat istio, tells
most of what it was; it does not tell names of ports in probes, volumes of your own under names that injection uses, and
which of the labels it shares with the templates you had set yourself.`

function addUninject(program: Command, io: Io): void {
  program
    .command('uninject')
    .description('take out of manifests what injection added, and restore what it moved')
    .addOption(filenameOption())
    .addOption(outputFileOption())
    .option('--diff', 'print a unified diff instead')
    .addHelpText('after', UNINJECT_LIMITS)
    .addHelpText('after', example('remora inject -f app.yaml | remora uninject -f -'))
    .action(async (flags: UninjectFlags) => (await import('./inject/inject.ts')).uninjectCommand(io, flags))
}

function addExplain(program: Command, io: Io): void {
  addSettingsFlags(
    program
      .command('explain')
      .description('say why a pod is injected, skipped or refused, layer by layer, and what would change it')
      .argument('[object]', 'live object: NAME of a pod, or KIND/NAME')
      .addOption(filenameOption().makeOptionMandatory(false))
      .addOption(dataFormatOption())
      .option('-n, --namespace <name>', 'namespace of the object; of manifests that name none')
      .option('--field <path>', 'say instead where a field of the injected pod comes from')
      .option(...PATH_FLAG)
      .addOption(tagOption()),
  )
    .addHelpText(
      'after',
      example(
        'remora explain deploy/web -n shop',
        "remora explain web-5d8c7-x2x4z -n shop --field 'spec.containers[istio-proxy].image'",
        'remora explain -f app.yaml --namespace-file namespaces.yaml',
      ),
    )
    .action(async (object: string | undefined, flags: ExplainFlags, command: Command) =>
      (await import('./explain/explain.ts')).explainCommand(io, object, flags, givenFlags(command)),
    )
}

/** The long form of the flags that stand on the command line. */
function givenFlags(command: Command): string[] {
  return command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .map((option) => option.long ?? '')
}

function addAdmit(program: Command, io: Io): void {
  addSettingsFlags(
    program
      .command('admit')
      .description('answer AdmissionReviews from standard input, one a line, as the webhook would')
      .option(...PATH_FLAG)
      .addOption(tagOption())
      .option('--trace', 'add what was decided, rule by rule, under the key trace'),
  )
    .addHelpText('after', example('remora admit --offline < review.json'))
    .action(async (flags: AdmitFlags) => (await import('./inject/admit.ts')).admitCommand(io, flags))
}

function addTemplate(program: Command, io: Io): void {
  const template = program
    .command('template')
    .description('check injection templates, and see what they make')
  addSettingsFlags(
    template
      .command('lint')
      .description(
        'find what is wrong with an injection config and its templates; exit code 3 if anything is',
      )
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora template lint --injectConfigFile config.yaml'))
    .action(async (flags: TemplateLintFlags) =>
      (await import('./template/lint.ts')).templateLintCommand(io, flags),
    )
  addSettingsFlags(
    template
      .command('render')
      .description('print what the templates of a pod make, before it is merged; of a sample pod without -f')
      .addOption(filenameOption().makeOptionMandatory(false))
      .addOption(dataFormatOption())
      .addOption(namespaceOption())
      .addOption(templateOption())
      .option(...PATH_FLAG),
  )
    .addHelpText('after', example('remora template render -f app.yaml --template sidecar'))
    .action(async (flags: TemplateRenderFlags) =>
      (await import('./template/render.ts')).templateRenderCommand(io, flags),
    )
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
