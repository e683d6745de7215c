// Which cluster, as whom and through which proxy: kubectl's rules as tables.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findTarget, kubeconfigFiles } from '../../src/kube/kubeconfig.ts'
import { proxyOf } from '../../src/kube/proxy.ts'
import { apiVersionOf, pathOf, RESOURCE } from '../../src/kube/resource.ts'
import { ProblemError } from '../../src/std/problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'remora-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const first = write(
  'first',
  `clusters:
- {name: shared, cluster: {server: 'https://first:6443/', certificate-authority: ca.pem}}
users:
- {name: me, user: {tokenFile: token, as: boss, as-groups: [g1, g2], as-uid: '7'}}
contexts:
- {name: one, context: {cluster: shared, user: me, namespace: shop}}
`,
)
const second = write(
  'second',
  `current-context: two
clusters:
- {name: shared, cluster: {server: 'https://second:6443'}}
- {name: other, cluster: {server: 'https://other', insecure-skip-tls-verify: true, tls-server-name: name}}
users:
- {name: plugin, user: {exec: {command: ./bin/login, apiVersion: client.authentication.k8s.io/v1beta1}}}
contexts:
- {name: two, context: {cluster: other, user: plugin}}
- {name: lost, context: {cluster: nowhere, user: me}}
- {name: nobody, context: {cluster: other, user: nobody}}
`,
)
const both = { KUBECONFIG: [first, join(folder, 'absent'), second].join(delimiter) }

function problemOf(work: () => unknown): ProblemError {
  try {
    work()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error('expected a problem')
}

describe('kubeconfig', () => {
  it('the first file to set a thing wins, files that are not there count for nothing', () => {
    const one = findTarget({ env: both, context: 'one' })
    expect(one.cluster).toMatchObject({ server: 'https://first:6443', caFile: join(folder, 'ca.pem') })
    expect([one.namespace, one.user.tokenFile]).toEqual(['shop', join(folder, 'token')])
    const current = findTarget({ env: both })
    expect(current.cluster).toMatchObject({
      server: 'https://other',
      skipTLSVerify: true,
      tlsServerName: 'name',
    })
    expect(current.namespace).toBe('default')
  })

  it('who is impersonated is told in headers', () => {
    expect(findTarget({ env: both, context: 'one' }).user.impersonate).toEqual({
      'Impersonate-User': 'boss',
      'Impersonate-Group': ['g1', 'g2'],
      'Impersonate-Uid': '7',
    })
  })

  it('a plugin is found beside the file, and is told its version', () => {
    const exec = findTarget({ env: both }).user.exec as { command: string; env: { value: string }[] }
    expect(exec.command).toBe(join(folder, 'bin/login'))
    expect(JSON.parse(exec.env[0]?.value ?? '')).toEqual({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      spec: { interactive: false },
    })
  })

  it('a file that is named is the only one, and relative to the folder given', () => {
    expect(kubeconfigFiles({ kubeconfig: 'second', env: both, cwd: folder })).toEqual([second])
    expect(kubeconfigFiles({ env: both })).toEqual([first, second])
    mkdirSync(join(folder, '.kube'))
    writeFileSync(join(folder, '.kube/config'), '')
    expect(kubeconfigFiles({ env: { HOME: folder } })).toEqual([join(folder, '.kube/config')])
    expect(kubeconfigFiles({ env: { HOME: '/nowhere' } })).toEqual([])
  })

  it.each([
    ['a context that is not there', { env: both, context: 'three' }, 'usage', 'has one, two, lost, nobody'],
    ['a cluster that is not there', { env: both, context: 'lost' }, 'io', 'cluster "nowhere"'],
    ['a user that is not there', { env: both, context: 'nobody' }, 'io', 'user "nobody"'],
    ['no current context', { env: {}, kubeconfig: first }, 'usage', 'no current context'],
    ['no file', { env: {}, kubeconfig: join(folder, 'absent') }, 'io', 'no such file or directory'],
    ['nothing at all', { env: {} }, 'io', 'no kubeconfig was found'],
    [
      'files that are gone',
      { env: { KUBECONFIG: '/no/such/file' } },
      'io',
      'KUBECONFIG is "/no/such/file", and no such file exists',
    ],
    ['a list', { env: {}, kubeconfig: write('list', '- a') }, 'io', 'expected kind Config'],
    ['broken YAML', { env: {}, kubeconfig: write('broken', 'a: [') }, 'invalid-yaml', 'yaml'],
    [
      'no address',
      {
        env: {},
        kubeconfig: write(
          'address',
          'current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: here}}]',
        ),
      },
      'io',
      'server is "here", expected an http or https address',
    ],
  ])('%s is a problem that says so', (_, options, code, words) => {
    const problem = problemOf(() => findTarget(options))
    expect(problem.code).toBe(code)
    expect(problem.message).toContain(words)
  })
})

describe('proxy', () => {
  const env = {
    HTTPS_PROXY: 'proxy:3128',
    no_proxy: 'a.test, .b.test, 10.0.0.0/8, 192.168.1.1:6443, [fd00::1]',
  }
  it.each([
    ['https://api.test', 'http://proxy:3128'],
    ['http://api.test', undefined],
    ['https://a.test', undefined],
    ['https://x.a.test', undefined],
    ['https://xa.test', 'http://proxy:3128'],
    ['https://b.test', 'http://proxy:3128'],
    ['https://x.b.test', undefined],
    ['https://10.1.2.3', undefined],
    ['https://11.1.2.3', 'http://proxy:3128'],
    ['https://192.168.1.1:6443', undefined],
    ['https://192.168.1.1', 'http://proxy:3128'],
    ['https://[fd00::1]:6443', undefined],
    ['https://127.0.0.1:6443', undefined],
    ['https://localhost', undefined],
  ])('to %s is %s', (server, proxy) => {
    expect(proxyOf(server, undefined, env)).toBe(proxy)
  })

  it('of the kubeconfig goes before the environment; an asterisk leaves all out', () => {
    expect(proxyOf('https://a.test', 'socks5://s', env)).toBe('socks5://s')
    expect(proxyOf('https://api.test', undefined, { HTTPS_PROXY: 'p', NO_PROXY: '*' })).toBeUndefined()
  })
})

describe('path', () => {
  it.each([
    [pathOf(RESOURCE.configMap), '/api/v1/configmaps'],
    [pathOf(RESOURCE.configMap, 'a', 'b'), '/api/v1/namespaces/a/configmaps/b'],
    [pathOf(RESOURCE.namespace, 'ignored', 'n'), '/api/v1/namespaces/n'],
    [pathOf(RESOURCE.deployment, 'a', 'b', 'scale'), '/apis/apps/v1/namespaces/a/deployments/b/scale'],
    [pathOf(RESOURCE.pod, '../x', '..'), '/api/v1/namespaces/..%2Fx/pods/%00'],
    [pathOf(RESOURCE.pod, 'a', ''), '/api/v1/namespaces/a/pods/%00'],
  ])('%s', (path, wanted) => expect(path).toBe(wanted))

  it('apiVersion has no slash for the core group', () => {
    expect([apiVersionOf(RESOURCE.pod), apiVersionOf(RESOURCE.lease)]).toEqual([
      'v1',
      'coordination.k8s.io/v1',
    ])
  })
})
