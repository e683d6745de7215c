// Process settings: where they come from, and that all problems are told together.

import { describe, expect, it } from 'vitest'
import { readWebhookConfig, variableOf, WEBHOOK_SETTINGS } from '../../src/config/webhook.ts'

describe('readWebhookConfig', () => {
  it('takes flags before variables before defaults', () => {
    const env = { REMORA_PORT: '1', REMORA_HEALTH_PORT: '2', HOME: '/home/x' }
    const config = readWebhookConfig({ port: '3' }, env, '/srv')
    expect([config.port, config.healthPort, config.drainMs, config.minVersion]).toEqual([
      3,
      2,
      10_000,
      'TLSv1.2',
    ])
    expect(config.stateDir).toBe('/home/x/.local/state/remora')
    expect(config.names).toContain('remora-injector.remora-system.svc')
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('resolves file names against the folder of the caller', () => {
    const config = readWebhookConfig(
      { 'cert-file': 'c.pem', 'key-file': '/k.pem', 'state-dir': 's' },
      {},
      '/srv',
    )
    expect(config.files).toEqual({ cert: '/srv/c.pem', key: '/k.pem' })
    expect(config.stateDir).toBe('/srv/s')
  })

  it('reads durations', () => {
    const drain = (text: string): number => readWebhookConfig({ drain: text }, {}, '/').drainMs
    expect([drain('500ms'), drain('1.5s'), drain('2m'), drain('0s')]).toEqual([500, 1500, 120_000, 0])
  })

  it('tells everything that is wrong at once, with name, value and what was expected', () => {
    const flags = {
      port: '70000',
      drain: '10',
      'cert-file': 'c',
      'tls-min-version': '1.1',
      'dns-names': 'a,b c',
    }
    let message = ''
    try {
      readWebhookConfig(flags, { REMORA_LOG_LEVEL: 'loud' }, '/')
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.split('; ')).toEqual([
      '--key-file is missing: expected both --cert-file and --key-file, or neither',
      '--port is "70000": expected a whole number from 0 to 65535',
      '--dns-names is "b c": expected DNS names and IP addresses, separated by commas',
      '--tls-min-version is "1.1": expected one of 1.2, 1.3',
      '--drain is "10": expected a duration such as 500ms, 10s, 1m or 24h',
      'REMORA_LOG_LEVEL is "loud": expected one of debug, info, warn, error, off',
    ])
  })

  it('has a variable and a line of help for every setting', () => {
    for (const { flag, about } of WEBHOOK_SETTINGS) {
      expect(variableOf(flag)).toMatch(/^REMORA_[A-Z_]+$/)
      expect(about).not.toBe('')
    }
  })
})
