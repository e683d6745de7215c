// What is shipped works by itself: the bundle is built into a folder of its own, with nothing installed beside or above
// it, and started from there.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { POD, reviewOf } from '../admission/fixture.ts'
import { type Child, startChild } from './child.ts'
import { call } from './client.ts'

const ROOT = join(import.meta.dirname, '../..')

let folder: string
let bundle: string

function node(args: readonly string[], cwd: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'remora-bundle-'))
  bundle = join(folder, 'remora.mjs')
  expect(node(['build.ts', folder], ROOT)).toEqual({ code: 0, stdout: '', stderr: '' })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the shipped bundle', () => {
  it('imports nothing but its own parts and Node', () => {
    const parts = ['remora.mjs', ...readdirSync(join(folder, 'chunks')).map((name) => join('chunks', name))]
    const foreign = parts
      .filter((name) => name.endsWith('.mjs'))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/(?:^|[;}])import[^'"()]*?["']([^"']+)["']/g),
      ])
      .map(([, from = '']) => from)
      .filter((from) => !from.startsWith('.') && !from.startsWith('node:'))
      .filter((from) => !process.getBuiltinModule(from))
    expect(foreign).toEqual([])
  })

  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    const { code, stdout, stderr } = node([bundle, 'version', '-o', 'json'], folder)
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.stringify(JSON.parse(stdout))).toContain(`"${version}"`)
  })

  it('is not built over what is there', () => {
    const again = node(['build.ts', folder], ROOT)
    expect(again.code).not.toBe(0)
    expect(again.stderr).toContain(`${folder} is not empty`)
  })

  describe('as a webhook', () => {
    let child: Child

    beforeAll(async () => {
      child = await startChild([], bundle)
    })

    afterAll(() => child.dispose())

    it('is ready, and answers a review with the built-in templates over a certificate that it made', async () => {
      const ready = await fetch(`http://127.0.0.1:${child.healthPort}/readyz`)
      expect(ready.status).toBe(200)
      const body = JSON.stringify(reviewOf(POD))
      const reply = await call({
        port: child.port,
        ca: child.ca,
        body,
        headers: { 'Content-Type': 'application/json' },
      })
      expect(reply.status).toBe(200)
      const { response } = JSON.parse(reply.body) as { response: JsonObject }
      expect(response).toMatchObject({ uid: 'u-1', allowed: true, patchType: 'JSONPatch' })
      const patch = JSON.parse(Buffer.from(String(response['patch']), 'base64').toString('utf8')) as Json[]
      expect(JSON.stringify(patch)).toContain('"name":"istio-proxy"')
    })
  })
})
