// Commands on a live cluster: what they say when it is whole, when it refuses, when it is away, and when the user ends them.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io, Signal } from '../../src/cli/io.ts'
import { run } from '../../src/cli/program.ts'
import type { FakeApi } from '../kube/fake-api.ts'
import { statusBody } from '../kube/fake-api.ts'
import { findReference } from '../reference/outcome.ts'
import { memoryIo, runRemora, type Said } from './memory-io.ts'
import { startCluster } from './small-cluster.ts'

const CONTROL_PLANE = `
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec: {template: {spec: {containers: [{name: discovery, image: 'registry.example/pilot:1.30.3'}]}}}
status: {availableReplicas: 1}
---
kind: Pod
metadata: {name: istiod-1, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec: {containers: [{name: discovery, image: 'registry.example/pilot:1.30.2'}]}
---
kind: Pod
metadata: {name: web, namespace: shop, annotations: {istio.io/rev: default}}
spec: {containers: [{name: istio-proxy, image: 'registry.example/proxyv2:1.30.3'}]}
`

let home: string
let cluster: FakeApi

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-live-'))
  cluster = await startCluster(CONTROL_PLANE, home)
})
afterEach(async () => {
  await cluster.away()
  rmSync(home, { recursive: true })
})

const remora = (...argv: string[]): Promise<Said> => runRemora(argv, { cwd: home, env: { HOME: home } })
const json = (said: Said): Record<string, unknown> => JSON.parse(said.stdout) as Record<string, unknown>

describe('version', () => {
  it('tells of the program, the control planes and the proxies', async () => {
    const said = await remora('version')
    expect([said.code, said.stderr]).toEqual([0, ''])
    expect(said.stdout).toMatch(
      /^remora \d\S+\nnode v\S+\nnewest Istio rules: 1\.\d+\ncontrol plane default: 1\.30\.2 \(1 pod\)\ndata plane: 1\.30\.3 \(1 proxy of default\)\n$/,
    )
    expect(json(await remora('version', '-o', 'json'))).toMatchObject({
      controlPlanes: [{ revision: 'default', versions: ['1.30.3'], running: { '1.30.2': 1 }, ready: true }],
      dataPlane: [{ version: '1.30.3', revision: 'default', proxies: 1 }],
    })
  })

  it('tells of the program alone with --client, and where there is no kubeconfig', async () => {
    expect(Object.keys(json(await remora('version', '--client', '-o', 'json')))).toEqual([
      'version',
      'node',
      'istio',
    ])
    const nowhere = await runRemora(['version', '-o', 'json'], { cwd: home })
    expect(Object.keys(json(nowhere))).toEqual(['version', 'node', 'istio'])
    expect(cluster.requests).toEqual([])
  })

  it('tells of the program, and of the problem, where the cluster is away', async () => {
    await cluster.away()
    const said = await remora('version')
    expect(said.code).toBe(1)
    expect(said.stdout).toMatch(/^remora .*\nnode .*\nnewest Istio rules: .*\n$/)
    expect(said.stderr).toMatch(/^error: cannot reach http:.*ECONNREFUSED.*\nhint: see that the cluster runs/)
    cluster = await startCluster('', home)
  })
})

describe('a cluster that refuses', () => {
  it('webhook configurations that may not be read are an error with the words of the API server', async () => {
    cluster.fault = ({ path }) =>
      path.endsWith('/mutatingwebhookconfigurations')
        ? { status: 403, body: statusBody(403, 'Forbidden', 'user "me" cannot list them') }
        : undefined
    const said = await remora('revision', 'list')
    expect(said).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: user "me" cannot list them\nhint: ask for leave to do this, or name another context with --context\n',
    })
  })

  it('anything else is left out, and said so', async () => {
    cluster.fault = ({ path }) =>
      /\/(pods|namespaces)$/.test(path)
        ? { status: 403, body: statusBody(403, 'Forbidden', 'not you') }
        : undefined
    const said = await remora('revision', 'list', '-o', 'json')
    expect(said.code).toBe(0)
    expect(said.stderr).toBe(
      'warning: cannot read objects of kind Namespace: not you\nwarning: cannot read objects of kind Pod: not you\n',
    )
    expect(json(said)['revisions']).toMatchObject([{ name: 'default', kind: 'injection-less', proxies: {} }])
  })

  it('other errors of the API server are not taken for an empty list', async () => {
    cluster.fault = ({ path }) => (path.endsWith('/pods') ? { status: 500, body: 'broken' } : undefined)
    const said = await remora('version')
    expect([said.code, said.stderr]).toEqual([1, 'error: broken\n'])
  })
})

it('a command that waits says what for, and ends with code 5 when the user ends it', async () => {
  cluster.fault = ({ path }) => (path.endsWith('/pods') ? 'hang' : undefined)
  const { io, said } = memoryIo({ cwd: home, env: { HOME: home } })
  const handlers = new Map<Signal, () => void>()
  const ended: Io = {
    ...io,
    stderr: {
      write: (text) => {
        io.stderr.write(text)
        if (text.startsWith('reading pods')) handlers.get('SIGINT')?.()
      },
    },
    onSignal: (signal, handler) => {
      handlers.set(signal, handler)
      return () => handlers.delete(signal)
    },
  }
  expect(await run(['revision', 'list'], ended)).toBe(5)
  expect(said).toEqual({ stdout: '', stderr: 'reading pods …\ncancelled\n' })
  expect(handlers.size).toBe(0)
})

interface Installation {
  readonly title: string
  readonly folder: string
}

const reference = findReference()

function installations(): Installation[] {
  if (reference === undefined) return []
  return readdirSync(reference)
    .filter((name) => /^istio-/.test(name))
    .flatMap((release) => {
      const clusters = join(reference, release, 'clusters')
      return readdirSync(clusters).map((name) => ({
        title: `${release} ${name}`,
        folder: join(clusters, name),
      }))
    })
}

/** Kinds of captured objects that the commands read. */
const READ = /^(MutatingWebhookConfiguration|ValidatingWebhookConfiguration|Deployment|Service|ConfigMap)_/

describe.skipIf(reference === undefined)('an installation of Istio', () => {
  it.each(installations())('$title has one revision, and the release it is of', async ({ title, folder }) => {
    const files = readdirSync(folder).filter((name) => READ.test(name))
    await cluster.away()
    const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'))
    cluster = await startCluster(texts.join('\n---\n'), home)
    const said = await remora('revision', 'list', '-o', 'json')
    const revisions = json(said)['revisions'] as Record<string, unknown>[]
    expect([said.code, said.stderr]).toEqual([0, ''])
    expect(revisions.map(({ name }) => name)).toEqual([/-rev-(.+)$/.exec(title)?.[1] ?? 'default'])
    expect(revisions[0]).toMatchObject({ kind: 'complete', injectors: ['istiod'] })
    expect(revisions[0]?.['versions']).toContain(/^istio-(\S+)/.exec(title)?.[1])
  })
})
