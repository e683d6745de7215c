// Flags that several commands share: where the settings of injection come from, what goes in, where the result goes.
// Only commander and texts here; reading what the flags name is settings.ts.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseRelease } from '../api/release.ts'
import { DATA_FORMATS } from './output.ts'

/** Values of the shared flags as commander delivers them. */
export interface SettingsFlags {
  readonly injectConfigFile?: string
  readonly valuesFile?: string
  readonly meshConfigFile?: string
  readonly injectConfigMapName: string
  readonly meshConfigMapName: string
  readonly revision?: string
  readonly istioNamespace: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly offline?: boolean
  readonly namespaceFile?: readonly string[]
  readonly nodes?: string
  readonly istioVersion?: string
  readonly injectorEnv: Readonly<Record<string, string>>
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
}

/** Name of the revision; `default` for the empty one. */
export function revisionName(flags: SettingsFlags): string {
  return (flags.revision ?? '') === '' ? 'default' : (flags.revision ?? 'default')
}

/** Text behind the flags in the help of a command. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

export function dataFormatOption(): Option {
  return new Option('-o, --output <format>', 'form of the output').choices(DATA_FORMATS).default('text')
}

const collect = (value: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  value,
]

/** `-f` for commands that take any number of manifests. */
export function filenameOption(): Option {
  const option = new Option(
    '-f, --filename <file>',
    'manifest: a file, a folder, or - for standard input; repeatable',
  )
  return option.argParser(collect).makeOptionMandatory()
}

export function outputFileOption(): Option {
  return new Option('-o, --output <file>', 'file to write, whole or not at all (default: standard output)')
}

export function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'namespace of objects that name none').default('default')
}

export function templateOption(): Option {
  return new Option(
    '--template <name>',
    'template to run instead of those the pod gets; repeatable',
  ).argParser(collect)
}

export function tagOption(): Option {
  return new Option('--tag <name>', 'revision tag that points at the revision; repeatable').argParser(collect)
}

export function matchConditionOption(): Option {
  const about = 'CEL condition that every webhook entry carries; repeatable'
  return new Option('--match-condition <name=expression>', about).argParser(collect)
}

function envPair(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}

function releaseText(text: string): string {
  if (parseRelease(text) === undefined) throw new InvalidArgumentError('It must be a release such as 1.30.3.')
  return text
}

/** The flags that say which settings hold: Istio's own, and those that stand for what the injector sees of its cluster. */
export function addSettingsFlags(command: Command): Command {
  return command
    .option('--injectConfigFile <file>', 'injection config, or a bare template (key config of the ConfigMap)')
    .option('--valuesFile <file>', 'values of injection (key values of the ConfigMap)')
    .option('--meshConfigFile <file>', 'mesh config (key mesh of the ConfigMap)')
    .option('--injectConfigMapName <name>', 'ConfigMap of the injection config', 'istio-sidecar-injector')
    .option('--meshConfigMapName <name>', 'ConfigMap of the mesh config', 'istio')
    .option('-r, --revision <name>', 'control plane revision')
    .option('-i, --istioNamespace <name>', 'namespace of the control plane', 'istio-system')
    .option('--context <name>', 'kubeconfig context to read the settings with')
    .option(
      '-c, --kubeconfig <file>',
      'kubeconfig to read the settings with (default: KUBECONFIG, ~/.kube/config)',
    )
    .option('--offline', 'ask no cluster: what no file gives is built in')
    .addOption(
      new Option(
        '--namespace-file <file>',
        'Namespace and ProxyConfig objects, YAML or JSON; repeatable',
      ).argParser(collect),
    )
    .option('--nodes <file>', 'Node objects, YAML or JSON: decides on native sidecars')
    .addOption(new Option('--istio-version <release>', 'Istio release to inject as').argParser(releaseText))
    .addOption(
      new Option('--injector-env <name=value>', 'environment of the injector; repeatable')
        .argParser(envPair)
        .default({}, 'none'),
    )
    .addOption(
      new Option(
        '--compat <mode>',
        'istio: as Istio; improved: recorded overrides survive a second injection',
      )
        .choices(['istio', 'improved'])
        .default('istio'),
    )
    .addOption(
      new Option('--structure <mode>', 'what to do when text of a pod changes the structure of a template')
        .choices(['refuse', 'istio'])
        .default('refuse'),
    )
}
