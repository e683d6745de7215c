// `remora webhook --standalone`: the composition root of the admission server. Reads all settings, starts the ports,
// connects files that change, signals, metrics and log to them, and returns when the server has drained.

import { type Command, Option } from 'commander'
import { ProblemError } from '../api/problem.ts'
import { readWebhookConfig, variableOf, WEBHOOK_SETTINGS } from '../config/webhook.ts'
import { addSettingsFlags, example, tagOption } from './flags.ts'
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

export function addWebhookCommand(program: Command, io: Io): void {
  const command = program
    .command('webhook')
    .description('run the admission server that injects pods')
    .requiredOption('--standalone', 'needs no cluster: settings from files, or built in')
  const shared = addSettingsFlags(program.createCommand('shared'))
  for (const option of shared.options) {
    if (SHARED_FLAGS.has(option.long ?? '')) command.addOption(option)
  }
  command.addOption(tagOption())
  for (const { flag, value, about } of WEBHOOK_SETTINGS) {
    const shown = value === '' ? about : `${about} (default: ${value})`
    command.addOption(new Option(`--${flag} <value>`, `${shown} [${variableOf(flag)}]`))
  }
  command
    .addHelpText(
      'after',
      example(
        'remora webhook --standalone --port 15017 --state-dir ./state',
        'remora webhook --standalone --injectConfigFile config.yaml --valuesFile values.yaml --cert-file tls.crt --key-file tls.key',
      ),
    )
    .action(async (flags: WebhookFlags) => {
      const config = readWebhookConfig(processFlags(command), io.env, io.cwd)
      const { serve } = await import('./webhook-run.ts')
      await serve(io, flags, config)
    })
}

/** The texts of the process settings, by flag name. */
function processFlags(command: Command): Record<string, string | undefined> {
  return Object.fromEntries(
    WEBHOOK_SETTINGS.map(({ flag }) => {
      const option = command.options.find((known) => known.long === `--${flag}`)
      if (option === undefined) throw new ProblemError('defect', `flag --${flag} is not defined`)
      return [flag, command.getOptionValue(option.attributeName()) as string | undefined]
    }),
  )
}
