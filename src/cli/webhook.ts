// `remora webhook`: flags of the admission server, in a cluster and stand-alone. Reads all settings, then loads the part
// that serves and returns when that has drained.

import { type Command, Option } from 'commander'
import { CLUSTER_SETTINGS, readClusterConfig } from '../config/cluster.ts'
import { readWebhookConfig, variableOf, WEBHOOK_SETTINGS } from '../config/webhook.ts'
import { ProblemError } from '../std/problem.ts'
import { addSettingsFlags, example, matchConditionOption, tagOption } from './flags.ts'
import type { Io } from './io.ts'
import type { WebhookFlags } from './webhook-settings.ts'

/** The shared settings flags that make sense without a cluster. */
const SHARED_FLAGS = new Set([
  '--injectConfigFile',
  '--valuesFile',
  '--meshConfigFile',
  '--revision',
  '--namespace-file',
  '--nodes',
  '--istio-version',
  '--injector-env',
  '--compat',
  '--structure',
])

/** Both modes have these. */
const COMMON_FLAGS = new Set(['--compat', '--structure'])
const STANDALONE_FLAGS = new Set(
  [...SHARED_FLAGS, '--tag', '--state-dir'].filter((flag) => !COMMON_FLAGS.has(flag)),
)
const CLUSTER_FLAGS = new Set(['--match-condition', ...CLUSTER_SETTINGS.map(({ flag }) => `--${flag}`)])

export function addWebhookCommand(program: Command, io: Io): void {
  const command = program
    .command('webhook')
    .description('run the admission server that injects pods')
    .option('--standalone', 'needs no cluster: settings from files, or built in')
  const shared = addSettingsFlags(program.createCommand('shared'))
  for (const option of shared.options) {
    if (SHARED_FLAGS.has(option.long ?? '')) command.addOption(option)
  }
  command.addOption(tagOption())
  for (const { flag, value, about } of [...WEBHOOK_SETTINGS, ...CLUSTER_SETTINGS]) {
    const shown = value === '' ? about : `${about} (default: ${value})`
    command.addOption(new Option(`--${flag} <value>`, `${shown} [${variableOf(flag)}]`))
  }
  command
    .addOption(matchConditionOption())
    .addHelpText(
      'after',
      example(
        'remora webhook --istioNamespace istio-system --failure-policy Fail',
        'remora webhook --standalone --port 15017 --state-dir ./state',
        'remora webhook --standalone --injectConfigFile config.yaml --valuesFile values.yaml --cert-file tls.crt --key-file tls.key',
      ),
    )
    .action(async (flags: WebhookFlags & ClusterFlags) => {
      const standalone = flags.standalone === true
      refuseOthers(command, standalone)
      const texts = textsOf(command)
      const config = readWebhookConfig(texts, io.env, io.cwd)
      if (standalone) {
        const { serve } = await import('./webhook-run.ts')
        await serve(io, flags, config)
        return
      }
      const cluster = readClusterConfig(texts, flags.matchCondition ?? [], io.env)
      const { serveCluster } = await import('./webhook-cluster.ts')
      await serveCluster(io, config, cluster, flags)
    })
}

interface ClusterFlags {
  readonly standalone?: boolean
  readonly matchCondition?: readonly string[]
}

/** Flags that would be silently without effect. */
function refuseOthers(command: Command, standalone: boolean): void {
  const others = standalone ? CLUSTER_FLAGS : STANDALONE_FLAGS
  const given = command.options.filter(
    (option) =>
      others.has(option.long ?? '') && command.getOptionValueSource(option.attributeName()) === 'cli',
  )
  const [first] = given
  if (first === undefined) return
  const mode = standalone ? 'has no effect with --standalone' : 'needs --standalone'
  throw new ProblemError('usage', `${first.long} ${mode}`)
}

/** The texts of the process settings, by flag name. */
function textsOf(command: Command): Record<string, string | undefined> {
  return Object.fromEntries(
    [...WEBHOOK_SETTINGS, ...CLUSTER_SETTINGS].map(({ flag }) => {
      const option = command.options.find((known) => known.long === `--${flag}`)
      if (option === undefined) throw new ProblemError('defect', `flag --${flag} is not defined`)
      return [flag, command.getOptionValue(option.attributeName()) as string | undefined]
    }),
  )
}
