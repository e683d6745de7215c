// The plain port: liveness, readiness with its reasons, metrics.

import { afterEach, describe, expect, it } from 'vitest'
import { type Check, type Health, startHealth } from '../../src/server/health.ts'

let checks: Check[] = []
let health: Health | undefined
afterEach(async () => {
  await health?.close()
  health = undefined
})

async function get(path: string): Promise<[status: number, body: string]> {
  health ??= await startHealth({
    host: '127.0.0.1',
    port: 0,
    checks: () => checks,
    metrics: { text: async () => 'metric 1\n', contentType: 'text/plain; version=0.0.4' },
  })
  const response = await fetch(`http://127.0.0.1:${health.port}${path}`)
  return [response.status, await response.text()]
}

describe('health', () => {
  it('is ready when every check is, and says which is not', async () => {
    checks = [
      { name: 'settings', ok: true, detail: 'generation 3' },
      { name: 'certificate', ok: true },
    ]
    expect(await get('/readyz')).toEqual([200, 'ok\n'])
    expect(await get('/readyz?verbose')).toEqual([200, '[+] settings: generation 3\n[+] certificate\n'])
    checks = [
      { name: 'settings', ok: true },
      { name: 'serving', ok: false, detail: 'draining' },
    ]
    expect(await get('/readyz')).toEqual([503, '[+] settings\n[-] serving: draining\n'])
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
  })

  it('serves metrics, and nothing else', async () => {
    expect(await get('/metrics')).toEqual([200, 'metric 1\n'])
    expect((await get('/inject'))[0]).toBe(404)
  })
})
