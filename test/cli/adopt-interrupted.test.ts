// `remora adopt` that is broken off at any moment, by a lost connection, by the user or by an API server that refuses: what it
// leaves behind serves every pod, and another run finishes it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { run as runProgram } from '../../src/cli/program.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type FakeApi, statusBody } from '../kube/fake-api.ts'
import { configurationsOf, ISTIO, runAt, startAdoptable } from './adoptable.ts'
import type { LedCluster } from './led-cluster.ts'
import { memoryIo, type Said } from './memory-io.ts'

let home: string
let remora: LedCluster
let cluster: FakeApi
/** As it was before adoption. */
let before: JsonObject[]

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-adopt-'))
  remora = await startAdoptable(home)
  cluster = remora.api
  before = all()
})
afterEach(async () => {
  await cluster.away()
  rmSync(home, { recursive: true })
})

const run = (...argv: string[]): Promise<Said> => runAt(home, ...argv)
const live = (): string[] => remora.live()
const all = (): JsonObject[] => configurationsOf(remora)

/** Breaks the connection at the n-th write: before the API server does it, or after. */
function breakAt(n: number, when: 'before' | 'after'): void {
  const usual = cluster.fault
  let writes = 0
  cluster.fault = (request) => {
    const found = usual(request)
    if (found !== undefined || request.method === 'GET') return found
    writes += 1
    if (writes !== n) return undefined
    if (when === 'after') cluster.carryOut(request)
    cluster.fault = usual
    return 'reset'
  }
}

describe('an adoption that is interrupted', () => {
  it.each(['before', 'after'] as const)(
    'at any write, just %s the API server does it, is finished by another run, and each pod has one injector',
    async (when) => {
      let broken = 0
      for (let n = 1; ; n += 1) {
        breakAt(n, when)
        const first = await run('adopt')
        if (first.code === 0) break
        broken += 1
        expect([n, first.code, first.stderr]).toEqual([
          n,
          1,
          expect.stringMatching(/\nerror: cannot reach http/),
        ])
        expect(await run('adopt')).toMatchObject({ code: 0 })
        expect([n, live()]).toEqual([n, [CONFIGURATION_NAME]])
        expect(await run('adopt', '--undo')).toMatchObject({ code: 0 })
        expect(all()).toEqual(before)
      }
      expect(broken).toBe(3)
      expect([...remora.met]).toEqual([1])
    },
  )

  it.each(['before', 'after'] as const)(
    'on its way back, just %s a write, is finished by another run without a running remora',
    async (when) => {
      let broken = 0
      for (let n = 1; ; n += 1) {
        remora.leads = true
        expect(await run('adopt')).toMatchObject({ code: 0 })
        remora.leads = false
        breakAt(n, when)
        const first = await run('adopt', '--undo')
        if (first.code === 0) break
        broken += 1
        expect(first.code).toBe(1)
        expect(await run('adopt', '--undo')).toMatchObject({ code: 0 })
        expect(all()).toEqual(before)
      }
      expect(broken).toBe(4)
      expect([...remora.met]).toEqual([1])
    },
  )

  it('by the user ends with code 5, says what to do, and is finished by another run', async () => {
    remora.leads = false
    const { io, said } = memoryIo({ cwd: home, env: { HOME: home } })
    let stop = (): void => undefined
    const ended: Io = {
      ...io,
      stderr: {
        write: (text) => {
          io.stderr.write(text)
          if (text.startsWith('2/')) setTimeout(() => stop())
        },
      },
      onSignal: (_, handler) => {
        stop = handler
        return () => undefined
      },
    }
    expect(await runProgram(['adopt'], ended)).toBe(5)
    expect(said.stderr).toMatch(
      /\nhint: every pod still has its injector: run it again to go on, or with --undo .*\ncancelled\n$/,
    )
    remora.leads = true
    expect(await run('adopt')).toMatchObject({ code: 0 })
    expect(live()).toEqual([CONFIGURATION_NAME])
    expect([...remora.met]).toEqual([1])
  })

  it('by an API server that does not let the user write has changed nothing', async () => {
    const usual = cluster.fault
    cluster.fault = (request) =>
      request.method === 'PATCH' && !request.path.endsWith(CONFIGURATION_NAME)
        ? { status: 403, body: statusBody(403, 'Forbidden', 'you may not patch') }
        : usual(request)
    const said = await run('adopt')
    expect(said.code).toBe(1)
    expect(said.stderr).toMatch(
      /\nremora-injector is taken away again: nothing has changed\nerror: you may not patch\n/,
    )
    expect(all()).toEqual(before)
  })

  it('and whose configuration cannot be taken away again says so', async () => {
    remora.answers = false
    const usual = cluster.fault
    cluster.fault = (request) => (request.method === 'DELETE' ? { status: 500, body: 'no' } : usual(request))
    const said = await run('adopt', '--timeout', '0.1')
    expect([said.code, live()]).toEqual([4, [...ISTIO, CONFIGURATION_NAME]])
    expect(said.stderr).toMatch(
      /\nwarning: remora-injector was created and could not be taken away again: no\n$/,
    )
  })
})
