// `make cluster` and `make cluster-down`, as a newcomer calls them: what is left running injects by revision, and exactly
// what was started ends, whoever was killed meanwhile.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { remoraDoes } from '../cluster/cli.ts'
import { run, runOk, type Said } from '../cluster/kubectl.ts'
import { isRunning, type OwnProcess, ownProcess, type State } from '../cluster/state.ts'
import { until } from '../cluster/wait.ts'

const PROGRAMS = resolve(import.meta.dirname, '../cluster')
const folder = mkdtempSync(join(tmpdir(), 'remora-playground-'))
const env = { REMORA_CLUSTER_FOLDER: join(folder, 'run') }
const call = (program: 'up' | 'down'): Promise<Said> =>
  run(process.execPath, [join(PROGRAMS, `${program}.ts`)], env)
const state = (): State => JSON.parse(readFileSync(join(env.REMORA_CLUSTER_FOLDER, 'state.json'), 'utf8'))
const namesOf = (processes: readonly OwnProcess[]): string[] =>
  processes.map(({ pid }) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())

/** Like a part of a cluster, and not one that `make cluster` started. */
let bystander: ChildProcess

afterAll(async () => {
  await call('down')
  bystander?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('make cluster', () => {
  it('leaves two revisions of Istio and remora running: a labelled namespace has the sidecar of its revision', async () => {
    const { code, stdout } = await call('up')
    expect([code, stdout]).toEqual([0, expect.stringContaining('make cluster-down ends it.')])
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(stdout)?.[1] ?? ''
    const kubectl = /alias kubectl=(\S+)/.exec(stdout)?.[1] ?? ''
    const k = (...args: string[]): Promise<string> => runOk(kubectl, [`--kubeconfig=${kubeconfig}`, ...args])
    const labels = {
      tagged: 'istio.io/rev=prod-stable',
      named: 'istio.io/rev=1-30-3',
      old: 'istio-injection=enabled',
    }
    for (const [name, label] of Object.entries(labels)) {
      await k('create', 'namespace', name)
      await k('label', 'namespace', name, label)
      await k('create', 'deployment', 'web', '-n', name, '--image=nginx')
    }
    const line =
      '{range .items[*]}{.metadata.annotations.istio\\.io/rev} {.spec.initContainers[*].name} {.status.phase}{end}'
    const podOf = (namespace: string): Promise<string> =>
      k('get', 'pods', '-n', namespace, '-o', `jsonpath=${line}`)
    for (const [name, revision] of [
      ['tagged', '1-30-3'],
      ['named', '1-30-3'],
      ['old', 'default'],
    ] as const) {
      const wanted = `${revision} istio-init istio-proxy Running`
      await until(`the pod of ${name}`, async () => (await podOf(name)) === wanted, 20_000)
    }
    const list = await remoraDoes(kubeconfig, ['revision', 'list', '-o', 'json'])
    const { revisions } = JSON.parse(list) as { revisions: { name: string; injectors: string[] }[] }
    expect(revisions.map(({ name, injectors }) => [name, ...injectors])).toEqual([
      ['1-30-3', 'remora'],
      ['default', 'remora'],
    ])
    expect((await call('up')).stdout).toContain('a cluster is running already')
  })

  it('make cluster-down ends exactly that, also when its keeper was killed', async () => {
    const { keeper, processes } = state()
    const commands = namesOf(processes)
    expect(commands.filter((name) => /^(etcd|kube-|kwok)/.test(name)).length).toBe(5)
    bystander = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'])
    const other = ownProcess(bystander.pid ?? 0)
    process.kill(keeper.pid, 'SIGKILL')
    expect(await call('down')).toMatchObject({ code: 0, stdout: 'the cluster has ended\n' })
    expect(processes.filter(isRunning)).toEqual([])
    expect(other !== undefined && isRunning(other)).toBe(true)
    expect((await call('down')).stdout).toBe('no cluster is running\n')
  })

  it('make cluster-down ends a cluster whose start was killed', async () => {
    const up = spawn(process.execPath, [join(PROGRAMS, 'up.ts')], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    })
    await until('the API server to be started', () => state().processes.length >= 2)
    up.kill('SIGKILL')
    const { keeper, processes } = state()
    expect([keeper, ...processes].every(isRunning)).toBe(true)
    expect(await call('down')).toMatchObject({ code: 0, stdout: 'the cluster has ended\n' })
    expect([keeper, ...processes].filter(isRunning)).toEqual([])
  })
})
