// The connection: what it shows, what it keeps open, what it repeats, and how it fails. Real sockets, TLS and proxies.

import { chmodSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import { type ApiAccess, loadAccess } from '../../src/kube/access.ts'
import { ApiError, createClient, warningsOf } from '../../src/kube/client.ts'
import { createRecorder } from '../../src/kube/events.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { accessTo, file, kubeconfig } from './access.ts'
import { FakeApi, statusBody } from './fake-api.ts'
import { eventually, FakeClock } from './fake-clock.ts'

const VERSION = { method: 'GET', path: '/version' }

let api: FakeApi
let clock: FakeClock
beforeEach(async () => {
  api = await new FakeApi().start()
  clock = new FakeClock()
})
afterEach(() => api.away())

async function errorOf(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${String(error)}`)
  return error
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const shown = (): (string | undefined)[] => api.requests.map(({ headers }) => headers.authorization)

describe('calls', () => {
  it('share one connection', async () => {
    const access = await accessTo(api.url)
    for (let i = 0; i < 5; i += 1) expect((await access.send(VERSION)).status).toBe(200)
    expect(api.connections).toBe(1)
  })

  it('answer with their status, whatever it is', async () => {
    api.fault = () => ({ status: 418, body: 'short and stout', headers: { 'x-a': 'b' } })
    const { status, headers, body } = await (await accessTo(api.url)).send(VERSION)
    expect([status, headers['x-a'], body]).toEqual([418, 'b', 'short and stout'])
  })

  it('that get no answer in time say so', async () => {
    api.fault = () => 'hang'
    const error = await errorOf((await accessTo(api.url)).send({ ...VERSION, timeoutMs: 50 }))
    expect([error.kind, error.unreachable]).toEqual(['transient', true])
    expect(error.message).toBe(`cannot reach ${api.url}: no answer within 0.05 s`)
  })

  it('end when their signal aborts', async () => {
    api.fault = () => 'hang'
    const stop = new AbortController()
    const work = errorOf((await accessTo(api.url)).send(VERSION, stop.signal))
    await eventually('the call', () => api.requests.length === 1)
    stop.abort()
    expect((await work).status).toBe(0)
  })

  it('on a connection that the server has just closed are repeated when they only read', async () => {
    const access = await accessTo(api.url)
    await access.send(VERSION)
    let times = 0
    api.fault = () => (++times === 1 ? 'reset' : undefined)
    expect((await access.send(VERSION)).status).toBe(200)
    await access.send(VERSION)
    times = 0
    const error = await errorOf(access.send({ method: 'POST', path: '/api/v1/namespaces', body: {} }))
    expect([error.kind, times]).toEqual(['transient', 1])
  })

  it('a stream tells when it begins, and with what status it did not', async () => {
    const access = await accessTo(api.url)
    api.fault = () => ({ status: 403, body: statusBody(403, 'Forbidden', 'no leave') })
    const { signal } = new AbortController()
    const error = await errorOf(collected(access.openStream(VERSION, signal)))
    expect([error.kind, error.message]).toEqual(['forbidden', 'no leave'])
    api.fault = () => 'empty'
    const chunks = await collected(access.openStream(VERSION, signal))
    expect(chunks.map((chunk) => chunk.length)).toEqual([0])
    api.fault = () => 'hang'
    const slow = await errorOf(collected(access.openStream({ ...VERSION, timeoutMs: 50 }, signal)))
    expect(slow.message).toContain('no answer within 0.05 s')
  })
})

describe('credentials', () => {
  it.each([
    ['a token', { token: 'secret' }, 'Bearer secret'],
    ['a password', { username: 'u', password: 'p' }, `Basic ${Buffer.from('u:p').toString('base64')}`],
    ['nothing', {}, undefined],
  ])('%s', async (_, user, wanted) => {
    await (await accessTo(api.url, user)).send(VERSION)
    expect(shown()).toEqual([wanted])
  })

  it('a token file goes before a token, and is read again', async () => {
    const path = file('one\n')
    const access = await accessTo(api.url, { tokenFile: path, token: 'other' }, clock)
    await access.send(VERSION)
    writeFileSync(path, 'two\n')
    await access.send(VERSION)
    clock.advance(10_000)
    await access.send(VERSION)
    expect(shown()).toEqual(['Bearer one', 'Bearer one', 'Bearer two'])
  })

  it('a token file that is gone or empty for a moment keeps its last token', async () => {
    const path = file('one')
    const access = await accessTo(api.url, { tokenFile: path }, clock)
    await access.send(VERSION)
    writeFileSync(path, '')
    clock.advance(10_000)
    await access.send(VERSION)
    expect(shown()).toEqual(['Bearer one', 'Bearer one'])
  })

  it('a token that is refused is read again at once, but not each time', async () => {
    const path = file('old')
    const access = await accessTo(api.url, { tokenFile: path }, clock)
    await access.send(VERSION)
    writeFileSync(path, 'new')
    api.fault = ({ headers }) => (headers.authorization === 'Bearer new' ? undefined : { status: 401 })
    expect((await access.send(VERSION)).status).toBe(200)
    api.fault = () => ({ status: 401 })
    await access.send(VERSION)
    expect(shown()).toEqual(['Bearer old', 'Bearer old', 'Bearer new', 'Bearer new'])
  })

  it('a plugin is asked once for calls that start together, and again when its token is refused', async () => {
    const count = file('')
    const plugin = file(
      `#!/bin/sh\necho x >> ${count}\nn=$(wc -l < ${count} | tr -d ' ')\n` +
        `echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"t$n\\"}}"\n`,
    )
    chmodSync(plugin, 0o755)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, args: [] }
    const access = await accessTo(api.url, { exec }, clock)
    await Promise.all([access.send(VERSION), access.send(VERSION), access.send(VERSION)])
    expect(new Set(shown())).toEqual(new Set(['Bearer t1']))
    api.fault = ({ headers }) => (headers.authorization === 'Bearer t1' ? { status: 401 } : undefined)
    expect((await access.send(VERSION)).status).toBe(200)
    expect(shown().at(-1)).toBe('Bearer t2')
  })

  it('a plugin that fails, and a token file that is not there, are errors of the call', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/nowhere/plugin' }
    expect((await errorOf((await accessTo(api.url, { exec })).send(VERSION))).message).toContain('ENOENT')
    const absent = await accessTo(api.url, { tokenFile: '/nowhere/token' })
    expect((await errorOf(absent.send(VERSION))).message).toContain('ENOENT')
  })
})

describe('TLS', () => {
  let authority: KeyPairPem
  let server: Server
  let port: number
  const subjects: string[] = []
  const sockets = new Set<Duplex>()

  beforeAll(async () => {
    authority = await issueAuthority(Date.now())
    const leaf = await issueLeaf(authority, ['api.test', '127.0.0.1'], Date.now())
    server = createServer({ ...leaf, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const peer = (request.socket as TLSSocket).getPeerCertificate()
      subjects.push(String(peer.subject?.CN ?? ''))
      response.setHeader('content-type', 'application/json').end('{}')
    })
    server.on('connection', (socket) => sockets.add(socket))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const to = (cluster: JsonObject, user: JsonObject = {}, env = {}): Promise<ApiAccess> =>
    loadAccess({
      kubeconfig: kubeconfig({ server: `https://127.0.0.1:${port}`, ...cluster }, user),
      env,
      clock,
    })
  const ca = (): JsonObject => ({ 'certificate-authority-data': base64(authority.cert) })

  it('is verified against the authority of the cluster and its name', async () => {
    expect((await (await to(ca())).send(VERSION)).status).toBe(200)
    expect((await errorOf((await to({})).send(VERSION))).message).toMatch(
      /self[- ]signed|unable to|certificate/,
    )
    const named = await to({ ...ca(), 'tls-server-name': 'api.test' })
    expect((await named.send(VERSION)).status).toBe(200)
    const wrong = await to({ ...ca(), 'tls-server-name': 'other.test' })
    expect((await errorOf(wrong.send(VERSION))).message).toContain('other.test')
    expect((await (await to({ 'insecure-skip-tls-verify': true })).send(VERSION)).status).toBe(200)
  })

  it('shows the certificate of the user, and the next one after its files have changed', async () => {
    const pairs = await Promise.all([1, 2].map(() => issueLeaf(authority, ['me'], Date.now())))
    const cert = file(pairs[0]?.cert ?? '')
    const key = file(pairs[0]?.key ?? '')
    const access = await to(ca(), { 'client-certificate': cert, 'client-key': key })
    subjects.length = 0
    const before = sockets.size
    await access.send(VERSION)
    await access.send(VERSION)
    expect([subjects, sockets.size - before]).toEqual([['remora-injector', 'remora-injector'], 1])
    writeFileSync(cert, pairs[1]?.cert ?? '')
    writeFileSync(key, pairs[1]?.key ?? '')
    clock.advance(10_000)
    await access.send(VERSION)
    expect(sockets.size - before).toBe(2)
  })

  it.each(['kubeconfig', 'environment'])('goes through the proxy of the %s, end to end', async (where) => {
    const asked: string[] = []
    const proxy = createHttpServer().on('connect', (request, inside: Duplex) => {
      asked.push(String(request.url))
      const outside = connect(port, '127.0.0.1', () => {
        inside.write('HTTP/1.1 200 OK\r\n\r\n')
        inside.pipe(outside).pipe(inside)
      })
      for (const socket of [inside, outside]) {
        sockets.add(socket)
        socket.on('error', () => undefined)
      }
    })
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const cluster = { ...ca(), server: 'https://api.test:6443' }
    const access =
      where === 'kubeconfig'
        ? await to({ ...cluster, 'proxy-url': url })
        : await to(cluster, {}, { HTTPS_PROXY: url })
    for (let i = 0; i < 3; i += 1) expect((await access.send(VERSION)).status).toBe(200)
    expect(asked).toEqual(['api.test:6443'])
    proxy.close()
  })
})

describe('client', () => {
  it('kinds of errors go by status and reason', async () => {
    const client = createClient(await accessTo(api.url), clock)
    const table: [number, string, string][] = [
      [400, 'BadRequest', 'invalid'],
      [401, 'Unauthorized', 'unauthorized'],
      [403, 'Forbidden', 'forbidden'],
      [404, 'NotFound', 'not-found'],
      [408, 'Timeout', 'transient'],
      [409, 'Conflict', 'conflict'],
      [409, 'AlreadyExists', 'already-exists'],
      [410, 'Expired', 'gone'],
      [422, 'Invalid', 'invalid'],
      [429, 'TooManyRequests', 'throttled'],
      [500, 'InternalError', 'transient'],
      [503, 'ServiceUnavailable', 'transient'],
    ]
    for (const [status, reason, kind] of table) {
      api.fault = () => ({ status, body: statusBody(status, reason, 'words') })
      const error = await errorOf(client.create(RESOURCE.namespace, {}, { metadata: { name: 'n' } }))
      expect([error.status, error.reason, error.kind, error.message]).toEqual([status, reason, kind, 'words'])
    }
  })

  it('an answer without an object is an error, and plain text is its message', async () => {
    const client = createClient(await accessTo(api.url))
    api.fault = () => ({ status: 200, body: 'hello' })
    expect((await errorOf(client.version())).kind).toBe('transient')
    api.fault = () => ({ status: 502, body: 'bad gateway\nmore' })
    const error = await errorOf(client.version())
    expect([error.message, error.unreachable]).toEqual(['bad gateway', true])
  })

  it('reads that are throttled wait as told and try again, writes do not', async () => {
    const client = createClient(await accessTo(api.url), clock)
    let times = 0
    api.fault = () => (++times === 1 ? { status: 429, headers: { 'retry-after': '3' } } : undefined)
    const read = client.version()
    await eventually('a wait', () => clock.waits.length === 1)
    expect(clock.waits).toEqual([3000])
    clock.advance(3000)
    expect((await read)['major']).toBe('1')
    times = 0
    const error = await errorOf(client.create(RESOURCE.namespace, {}, { metadata: { name: 'n' } }))
    expect([error.kind, error.retryAfterMs, times]).toEqual(['throttled', 3000, 1])
  })

  it('a list whose pages expire is read again in one piece', async () => {
    const client = createClient(await accessTo(api.url))
    for (let i = 0; i < 5; i += 1) api.put(RESOURCE.namespace, { metadata: { name: `n${i}` } })
    api.fault = ({ query }) => (query['continue'] === undefined ? undefined : { status: 410 })
    const { items } = await client.list(RESOURCE.namespace, {}, { pageSize: 2 })
    expect(items).toHaveLength(5)
  })

  it('texts of warnings are taken out of their header', () => {
    const header = '299 - "one, two", 299 remora "a \\"quoted\\" \\\\ text"'
    expect(warningsOf({ status: 200, headers: { warning: header }, body: {} })).toEqual([
      'one, two',
      'a "quoted" \\ text',
    ])
    expect(warningsOf({ status: 200, headers: {}, body: {} })).toEqual([])
  })
})

describe('events', () => {
  const regarding = { resource: RESOURCE.namespace, name: 'shop' }
  const note = { regarding, type: 'Warning', reason: 'Bad', message: 'it is bad' } as const
  const posts = (): number => api.requests.filter(({ method }) => method === 'POST').length

  it('about one object stop after a burst, and come again slowly; other objects are not concerned', async () => {
    const recorder = createRecorder(createClient(await accessTo(api.url)), {
      component: 'c',
      instance: 'i',
      clock,
    })
    for (let i = 0; i < 40; i += 1) recorder.record({ ...note, message: `number ${i}` })
    await recorder.settled()
    expect(posts()).toBe(25)
    recorder.record({ ...note, regarding: { ...regarding, name: 'other' } })
    await recorder.settled()
    expect(posts()).toBe(26)
    clock.advance(5 * 60_000)
    for (let i = 0; i < 3; i += 1) recorder.record({ ...note, message: `late ${i}` })
    await recorder.settled()
    expect(posts()).toBe(27)
  })

  it('that come again after the first is gone, or long after, are new', async () => {
    const recorder = createRecorder(createClient(await accessTo(api.url)), {
      component: 'c',
      instance: 'i',
      clock,
    })
    recorder.record(note)
    await recorder.settled()
    const [{ metadata }] = api.requests.map(({ body }) => body) as [{ metadata: { name: string } }]
    api.remove(RESOURCE.event, 'default', metadata.name)
    recorder.record(note)
    await recorder.settled()
    expect(posts()).toBe(2)
    clock.advance(11 * 60_000)
    recorder.record(note)
    await recorder.settled()
    expect(posts()).toBe(3)
  })

  it('that cannot be written are told and hold nothing up', async () => {
    const problems: unknown[] = []
    const recorder = createRecorder(createClient(await accessTo(api.url)), {
      component: 'c',
      instance: 'i',
      clock,
      onProblem: (error) => problems.push(error),
    })
    api.fault = () => ({ status: 403 })
    recorder.record(note)
    await recorder.settled()
    api.fault = () => undefined
    recorder.record(note)
    await recorder.settled()
    expect([problems.length, posts()]).toEqual([1, 2])
  })
})
