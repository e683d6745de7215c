// An access to a server of a test, by a kubeconfig in a folder that goes when the process ends.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type ApiAccess, loadAccess } from '../../src/kube/access.ts'
import { type Clock, systemClock } from '../../src/kube/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'

const folder = mkdtempSync(join(tmpdir(), 'remora-kube-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

/** Writes a file; its path. */
export function file(text: string, name = `file${++files}`): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o700 })
  return path
}

/** A kubeconfig with one context; its path. */
export function kubeconfig(cluster: JsonObject, user: JsonObject = {}, context: JsonObject = {}): string {
  return file(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
      'current-context': 'x',
    }),
  )
}

export function accessTo(
  server: string,
  user: JsonObject = {},
  clock: Clock = systemClock,
  cluster: JsonObject = {},
): Promise<ApiAccess> {
  return loadAccess({ kubeconfig: kubeconfig({ server, ...cluster }, user), env: {}, clock })
}
