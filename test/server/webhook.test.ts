// The webhook port over real sockets: protocol versions, limits, slow clients, live certificates and the drain.

import { once } from 'node:events'
import { Agent } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { issueLeaf } from '../../src/certs/issue.ts'
import { BodyReader } from '../../src/server/body.ts'
import { LIMITS, type Limits } from '../../src/server/limits.ts'
import { type Endpoint, startWebhook, type Webhook } from '../../src/server/webhook.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { call, makePki, rawConnection, readToEnd, type TestPki, until } from './client.ts'

let pki: TestPki
beforeAll(async () => {
  pki = await makePki()
})

const running: Webhook[] = []
afterEach(async () => {
  for (const webhook of running.splice(0)) await webhook.close(0)
})

const LONG = 'x'.repeat(5_000_000)
let dropped = 0
let bodiesGivenUp = 0
let logged: string[] = []

/** Answers with the length of the body; `/wait` waits for `release`, `/long` has an answer of 5 MB, `/defect` none. */
function echo(limits: Limits, release: Promise<void> = Promise.resolve()): Endpoint {
  const bodies = new BodyReader(limits.bodyBytes, limits.pendingBytes, () => bodiesGivenUp++)
  return async (request) => {
    const body = await bodies.read(request)
    if (request.url === '/wait') await release
    if (request.url === '/defect') throw new Error('a defect')
    const text = 'failed' in body ? body.failed : request.url === '/long' ? LONG : String(body.bytes.length)
    return { status: 'failed' in body ? 400 : 200, type: 'text/plain; charset=utf-8', body: text }
  }
}

async function start(options: { limits?: Partial<Limits>; tls13?: boolean; release?: Promise<void> } = {}) {
  const limits = { ...LIMITS, ...options.limits }
  dropped = 0
  bodiesGivenUp = 0
  logged = []
  const webhook = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    pair: pki.leaf,
    minVersion: options.tls13 === true ? 'TLSv1.3' : 'TLSv1.2',
    limits,
    endpoint: echo(limits, options.release),
    log: createLog(
      (line) => logged.push(line()),
      'info',
      () => 0,
    ),
    onConnectionDropped: () => dropped++,
  })
  running.push(webhook)
  return { webhook, port: webhook.port, ca: pki.ca.cert }
}

describe('protocol', () => {
  it('gives the body to the endpoint whatever the method and content type', async () => {
    const target = await start()
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      for (const headers of [{}, { 'Content-Type': '' }, { 'Content-Type': 'no;;type' }]) {
        const reply = await call({ ...target, method, headers, body: '12345', path: '/any/%41' })
        expect([method, reply.status, reply.body]).toEqual([method, 200, '5'])
      }
    }
    expect((await call({ ...target, method: 'HEAD' })).status).toBe(200)
  })

  it('turns away a client that speaks h2 alone, and the preface of h2', async () => {
    const { port, ca } = await start()
    const refusal = await new Promise<NodeJS.ErrnoException>((resolve) => {
      connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] }).on('error', resolve)
    })
    expect(refusal.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    const both = await rawConnection(port, ca, { ALPNProtocols: ['h2', 'http/1.1'] })
    expect(both.alpnProtocol).toBe('http/1.1')
    both.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    expect(await readToEnd(both)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  it('speaks TLS 1.2 from the start, and TLS 1.3 alone when told', async () => {
    const { port, ca } = await start()
    expect((await rawConnection(port, ca, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
    const strict = await start({ tls13: true })
    await expect(rawConnection(strict.port, ca, { maxVersion: 'TLSv1.2' })).rejects.toThrow(
      /protocol version/,
    )
    expect((await rawConnection(strict.port, ca)).getProtocol()).toBe('TLSv1.3')
  })

  it('answers 400 to what is not HTTP, and 431 to endless headers', async () => {
    const { port, ca } = await start()
    const garbage = await rawConnection(port, ca)
    garbage.write('\u0000\u0001\u0002\r\n\r\n')
    expect(await readToEnd(garbage)).toMatch(/^HTTP\/1\.1 400 /)
    const long = await rawConnection(port, ca)
    long.write(`GET /inject HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await readToEnd(long)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('answers 500 where the endpoint fails, says so in the log, and goes on', async () => {
    const target = await start()
    const reply = await call({ ...target, path: '/defect' })
    expect([reply.status, reply.body]).toEqual([500, 'internal error\n'])
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'error',
        message: 'a request failed unexpectedly',
        error: 'a defect',
      }),
    ])
    expect((await call({ ...target, body: '12' })).body).toBe('2')
  })

  it('answers 400 to a percent sign without digits', async () => {
    const reply = await call({ ...(await start()), path: '/inject/%zz' })
    expect([reply.status, reply.body]).toEqual([400, '400 Bad Request'])
  })
})

describe('limits', () => {
  it('takes a body of exactly the limit and tells of one more byte, on a connection that goes on', async () => {
    const target = await start({ limits: { bodyBytes: 1000 } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await call({ ...target, agent, body: 'x'.repeat(1000) })).toMatchObject({
      status: 200,
      body: '1000',
    })
    expect(await call({ ...target, agent, body: 'x'.repeat(1001) })).toMatchObject({
      status: 400,
      body: 'too-large',
    })
    expect(await call({ ...target, agent, body: 'x'.repeat(500_000) })).toMatchObject({ status: 400 })
    expect(await call({ ...target, agent, body: 'x' })).toMatchObject({ status: 200, body: '1' })
    agent.destroy()
  })

  it('ends connections that trickle headers or bodies, and answers others meanwhile', async () => {
    const target = await start({ limits: { headersMs: 300, requestMs: 600 } })
    const slow = await Promise.all(Array.from({ length: 100 }, () => rawConnection(target.port, target.ca)))
    const ends = slow.map((socket, i) => {
      socket.write(
        i % 2 === 0
          ? 'POST /inject HTTP/1.1\r\nHos'
          : 'POST /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc',
      )
      return readToEnd(socket)
    })
    expect((await call({ ...target, body: 'abc' })).body).toBe('3')
    for (const text of await Promise.all(ends)) expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout/)
    await until(() => target.webhook.connections() === 0)
  })

  it('ends connections that never begin TLS', async () => {
    const target = await start({ limits: { handshakeMs: 200 } })
    const silent = connectTcp(target.port, '127.0.0.1')
    silent.on('error', () => undefined)
    await once(silent, 'close')
    await until(() => target.webhook.connections() === 0)
  })

  it('ends connections whose client does not read its answer', async () => {
    const target = await start({ limits: { exchangeMs: 500 } })
    const deaf = await rawConnection(target.port, target.ca)
    deaf.pause()
    deaf.on('error', () => undefined)
    const request = 'GET /long HTTP/1.1\r\nHost: x\r\n\r\n'
    deaf.write(request.repeat(20))
    await until(() => target.webhook.connections() === 0)
    deaf.destroy()
  })

  it('drops the oldest connection that never did anything when there are too many', async () => {
    const target = await start({ limits: { connections: 20 } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await call({ ...target, agent, body: 'a' })
    const silent: TLSSocket[] = []
    const closed: Promise<string>[] = []
    for (let i = 0; i < 40; i++) {
      const socket = await rawConnection(target.port, target.ca)
      silent.push(socket)
      if (i < 21) closed.push(readToEnd(socket))
    }
    await Promise.all(closed)
    expect(dropped).toBe(21)
    expect(target.webhook.connections()).toBe(20)
    // The connection that was used is still the same.
    const sockets = Object.values(agent.freeSockets).flat()
    expect(sockets).toHaveLength(1)
    expect((await call({ ...target, agent, body: 'ab' })).body).toBe('2')
    expect(Object.values(agent.freeSockets).flat()[0]).toBe(sockets[0])
    agent.destroy()
    for (const socket of silent) socket.destroy()
  })

  it('gives up the slowest body when all pending bodies are too big together', async () => {
    const target = await start({ limits: { bodyBytes: 1000, pendingBytes: 2500 } })
    const head = 'POST /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n'
    const slow: Promise<string>[] = []
    for (let i = 0; i < 3; i++) {
      const socket = await rawConnection(target.port, target.ca)
      socket.write(head + 'x'.repeat(900))
      slow.push(readToEnd(socket))
    }
    await slow[0]
    expect(bodiesGivenUp).toBe(1)
    expect((await call({ ...target, body: 'x'.repeat(600) })).body).toBe('600')
  })
})

describe('certificates', () => {
  it('serves a new pair to new connections and keeps the old connections', async () => {
    const target = await start()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await call({ ...target, agent, body: 'a' })
    const before = await rawConnection(target.port, target.ca)
    const next = await issueLeaf(pki.ca, ['127.0.0.1'], Date.now())
    target.webhook.setPair(next)
    const after = await rawConnection(target.port, target.ca)
    expect(after.getPeerCertificate().fingerprint256).not.toBe(before.getPeerCertificate().fingerprint256)
    const kept = Object.values(agent.freeSockets).flat()[0]
    expect((await call({ ...target, agent, body: 'ab' })).body).toBe('2')
    expect(Object.values(agent.freeSockets).flat()[0]).toBe(kept)
    agent.destroy()
  })
})

describe('drain', () => {
  it('goes on serving with Connection: close, and ends after what is in flight', async () => {
    let release = (): void => undefined
    const target = await start({ release: new Promise((resolve) => (release = resolve)) })
    expect(
      (await call({ ...target, body: 'a', agent: new Agent({ keepAlive: true }) })).headers['connection'],
    ).toBe('keep-alive')
    const waiting = call({ ...target, path: '/wait', body: 'abc' })
    target.webhook.startDrain()
    const during = await call({ ...target, body: 'ab' })
    expect([during.body, during.headers['connection']]).toEqual(['2', 'close'])
    let closed = false
    const end = target.webhook.close(10_000).then(() => {
      closed = true
    })
    await until(() =>
      call({ ...target, body: 'a' }).then(
        () => false,
        (error) => error.code === 'ECONNREFUSED',
      ),
    )
    expect(closed).toBe(false)
    release()
    const last = await waiting
    expect([last.status, last.body, last.headers['connection']]).toEqual([200, '3', 'close'])
    await end
    await until(() => target.webhook.connections() === 0)
  })

  it('cuts off what does not end within the grace time', async () => {
    const target = await start({ release: new Promise(() => undefined) })
    const waiting = call({ ...target, path: '/wait', body: 'abc' })
    waiting.catch(() => undefined)
    await until(() => target.webhook.connections() === 1)
    await target.webhook.close(50)
    await expect(waiting).rejects.toThrow()
  })
})
