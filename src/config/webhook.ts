// The process settings of `remora webhook`: from flags, else from the environment, else defaults. Read once and frozen;
// all that is wrong is told together, each with its flag, its value and what was expected.

import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { deepFreeze } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'

/** A setting as people give it: flag `--health-port`, variable `REMORA_HEALTH_PORT`. */
export interface SettingText {
  readonly flag: string
  readonly value: string
  readonly about: string
}

export interface WebhookConfig {
  readonly host: string
  readonly port: number
  readonly healthPort: number
  /** Undefined: a self-signed pair is kept in `stateDir`. */
  readonly files: { readonly cert: string; readonly key: string } | undefined
  readonly stateDir: string
  /** DNS names and addresses of the self-signed certificate. */
  readonly names: readonly string[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly drainMs: number
  readonly deadlineMs: number
  readonly connections: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'off'
  /** Undefined: where `compat` is improved. */
  readonly details: boolean | undefined
  /** Share of fast answers that are compared with the plain pipeline's, 0 to 1. */
  readonly verifyFastPath: number
}

const SERVICE_NAMES = [
  'remora-injector.remora-system.svc',
  'remora-injector.remora-system.svc.cluster.local',
  'remora-injector.remora-system',
  'localhost',
  '127.0.0.1',
  '::1',
]

/** Every setting with its default and a line of help; `value` is empty where there is no fixed default. */
export const WEBHOOK_SETTINGS: readonly SettingText[] = [
  { flag: 'host', value: '0.0.0.0', about: 'address to listen on' },
  { flag: 'port', value: '15017', about: 'HTTPS port of the webhook; 0 takes a free one' },
  {
    flag: 'health-port',
    value: '15014',
    about: 'plain port of /healthz, /readyz and /metrics; 0 takes a free one',
  },
  {
    flag: 'cert-file',
    value: '',
    about: 'certificate chain, PEM, read again when it changes (default: self-signed)',
  },
  { flag: 'key-file', value: '', about: 'private key of the certificate, PEM' },
  {
    flag: 'state-dir',
    value: '',
    about: 'where a self-signed certificate is kept (default: ~/.local/state/remora)',
  },
  {
    flag: 'dns-names',
    value: SERVICE_NAMES.join(','),
    about: 'names and addresses of a self-signed certificate',
  },
  { flag: 'tls-min-version', value: '1.2', about: 'oldest TLS version: 1.2 or 1.3' },
  {
    flag: 'drain',
    value: '10s',
    about: 'how long to go on serving after SIGTERM; a second signal ends at once',
  },
  { flag: 'deadline', value: '2s', about: 'time the templates of one pod may take' },
  {
    flag: 'max-connections',
    value: '4096',
    about: 'open connections; past it the least useful one is closed',
  },
  { flag: 'log-level', value: 'info', about: 'debug, info, warn, error or off' },
  {
    flag: 'details',
    value: '',
    about: 'audit annotations and warnings in answers: on or off (default: on with --compat improved)',
  },
  {
    flag: 'verify-fast-path',
    value: '0',
    about: 'share of fast answers to compare with the plain pipeline, 0 to 1',
  },
]

/** The variable that a flag can be given by. */
export function variableOf(flag: string): string {
  return `REMORA_${flag.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Reads all settings. `flags` are the texts given on the command line, by flag name; file names are relative to `cwd`.
 * Throws one ProblemError `usage` for everything that is wrong.
 */
export function readWebhookConfig(
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): WebhookConfig {
  const reader = new SettingsReader(WEBHOOK_SETTINGS, flags, env)
  const cert = reader.text('cert-file')
  const key = reader.text('key-file')
  if ((cert === '') !== (key === '')) {
    reader.problem(cert === '' ? 'cert-file' : 'key-file', '', 'both --cert-file and --key-file, or neither')
  }
  const home = env['HOME'] ?? homedir()
  const stateHome = env['XDG_STATE_HOME'] || join(home, '.local', 'state')
  const details = reader.choice('details', ['', 'on', 'off'])
  const config: WebhookConfig = {
    host: reader.text('host'),
    port: reader.integer('port', 0, 65_535),
    healthPort: reader.integer('health-port', 0, 65_535),
    files: cert === '' || key === '' ? undefined : { cert: resolve(cwd, cert), key: resolve(cwd, key) },
    stateDir: resolve(cwd, reader.text('state-dir') || join(stateHome, 'remora')),
    names: reader.names('dns-names'),
    minVersion: reader.choice('tls-min-version', ['1.2', '1.3']) === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    drainMs: reader.duration('drain'),
    deadlineMs: reader.duration('deadline'),
    connections: reader.integer('max-connections', 1, 1_000_000),
    logLevel: reader.choice('log-level', ['debug', 'info', 'warn', 'error', 'off']),
    details: details === '' ? undefined : details === 'on',
    verifyFastPath: reader.share('verify-fast-path'),
  }
  reader.finish()
  return deepFreeze(config)
}

const DNS_NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** Reads settings one by one, and tells all problems at the end. */
export class SettingsReader {
  private readonly settings: readonly SettingText[]
  private readonly flags: Readonly<Record<string, string | undefined>>
  private readonly env: Readonly<Record<string, string | undefined>>
  private readonly problems: string[] = []

  constructor(
    settings: readonly SettingText[],
    flags: Readonly<Record<string, string | undefined>>,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.settings = settings
    this.flags = flags
    this.env = env
  }

  text(flag: string): string {
    const setting = this.settings.find((known) => known.flag === flag)
    return this.given(flag) ?? setting?.value ?? ''
  }

  /** Undefined when only a default is there. */
  given(flag: string): string | undefined {
    return this.flags[flag] ?? this.env[variableOf(flag)]
  }

  integer(flag: string, least: number, most: number): number {
    const text = this.text(flag)
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    this.problem(flag, text, `a whole number from ${least} to ${most}`)
    return least
  }

  share(flag: string): number {
    const text = this.text(flag)
    const value = /^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(text) ? Number(text) : Number.NaN
    if (value >= 0) return value
    this.problem(flag, text, 'a share from 0 to 1, as 0.01')
    return 0
  }

  duration(flag: string): number {
    const text = this.text(flag)
    const match = DURATION.exec(text)
    if (match !== null) return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
    this.problem(flag, text, 'a duration such as 500ms, 10s, 1m or 24h')
    return 0
  }

  choice<T extends string>(flag: string, choices: readonly [T, ...T[]]): T {
    const text = this.text(flag)
    const found = choices.find((choice) => choice === text)
    if (found !== undefined) return found
    this.problem(flag, text, `one of ${choices.filter((choice) => choice !== '').join(', ')}`)
    return choices[0]
  }

  names(flag: string): string[] {
    const names = this.text(flag)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
    if (names.length === 0) this.problem(flag, this.text(flag), 'at least one name')
    for (const name of names) {
      if ((name.length > 253 || !DNS_NAME.test(name)) && isIP(name) === 0) {
        this.problem(flag, name, 'DNS names and IP addresses, separated by commas')
      }
    }
    return names
  }

  problem(flag: string, value: string, expected: string): void {
    const given = this.flags[flag] === undefined && this.env[variableOf(flag)] !== undefined
    const name = given ? variableOf(flag) : `--${flag}`
    this.problems.push(
      value === ''
        ? `${name} is missing: expected ${expected}`
        : `${name} is "${value}": expected ${expected}`,
    )
  }

  finish(): void {
    if (this.problems.length > 0) throw new ProblemError('usage', this.problems.join('; '))
  }
}
