// Commands that look at pods hold one page of them at a time: 20,000 pods of a usual size do not fit into the memory that
// the command is given here, but what is judged of them does.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { FakeApi } from '../kube/fake-api.ts'
import { istioObject } from '../revision/objects.ts'
import { startCluster } from './small-cluster.ts'

const PODS = 20_000
const HEAP_MIB = 96
/** Of a pod with a sidecar, as API servers list it. */
const POD_BYTES = 12_000

let home: string
let api: FakeApi

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-many-pods-'))
  api = await startCluster(
    'kind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}',
    home,
  )
  const raw = istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
  api.put(RESOURCE.mutatingWebhookConfiguration, raw)
  // One object behind all of them: only what goes over the wire is as big as in life.
  const spec: JsonObject = {
    containers: [
      { name: 'web', image: 'web:1', env: [{ name: 'TEXT', value: 'x'.repeat(POD_BYTES) }] },
      { name: 'istio-proxy', image: 'proxyv2:1.30.3' },
    ],
  }
  const annotations = { 'istio.io/rev': 'default', 'sidecar.istio.io/status': '{"revision":"default"}' }
  for (let index = 0; index < PODS; index += 1) {
    const labels = { app: `web-${index % 500}`, 'pod-template-hash': `hash-${index % 500}` }
    const metadata = { name: `web-${index}`, namespace: 'shop', labels, annotations }
    api.put(RESOURCE.pod, { metadata, spec })
  }
})
afterAll(async () => {
  await api.away()
  rmSync(home, { recursive: true })
})

function remora(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = resolve(import.meta.dirname, '../../src/main.ts')
  const { promise, resolve: done } = Promise.withResolvers<{ code: number; stdout: string; stderr: string }>()
  const env = { ...process.env, HOME: home, KUBECONFIG: '' }
  execFile(
    process.execPath,
    [`--max-old-space-size=${HEAP_MIB}`, main, ...args, '-o', 'json'],
    { env, maxBuffer: 1 << 26 },
    (error, stdout, stderr) => {
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    },
  )
  return promise
}

describe('with 20,000 pods', () => {
  it('check judges every one of them within 96 MiB', async () => {
    const { code, stdout, stderr } = await remora(['check'])
    expect(code, stderr.slice(-500)).toBe(3)
    const { checked } = JSON.parse(stdout) as { checked: Record<string, number> }
    expect(checked['pods']).toBe(PODS)
  }, 60_000)

  it('revision list counts every one of them within 96 MiB', async () => {
    const { code, stdout, stderr } = await remora(['revision', 'list'])
    expect(code, stderr.slice(-500)).toBe(0)
    const { revisions } = JSON.parse(stdout) as { revisions: { proxies: Record<string, number> }[] }
    expect(revisions[0]?.proxies).toEqual({ '1.30.3': PODS })
  }, 60_000)
})
