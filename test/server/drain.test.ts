// SIGTERM under load: a process of its own, clients that keep their connections, and not one request lost.

import { once } from 'node:events'
import { Agent } from 'node:https'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Child, startChild } from './child.ts'
import { call, rawConnection, readToEnd, until } from './client.ts'

let child: Child | undefined
afterEach(async () => {
  await child?.dispose()
  child = undefined
})

const REVIEW = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: 'u-1',
    namespace: 'default',
    object: {
      metadata: { name: 'p', labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'app:1' }] },
    },
  },
})

interface Tally {
  answered: number
  closing: number
  readonly failed: string[]
}

/**
 * Sends one request after the other over a kept connection, and connects again when it was told to close. Once the
 * endpoint is gone (`moved`), it connects no more, as an API server behind a Service.
 */
async function client(target: Child, tally: Tally, moved: () => boolean): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const headers = { 'Content-Type': 'application/json' }
  for (;;) {
    try {
      const reply = await call({ port: target.port, ca: target.ca, agent, headers, body: REVIEW })
      if (reply.status !== 200 || !reply.body.includes('"uid":"u-1","allowed":true'))
        tally.failed.push(reply.body)
      tally.answered++
      if (reply.headers['connection'] !== 'close') continue
      tally.closing++
      if (moved()) break
    } catch (error) {
      tally.failed.push(String(error))
      break
    }
  }
  agent.destroy()
}

async function readyz(target: Child): Promise<number> {
  return (await fetch(`http://127.0.0.1:${target.healthPort}/readyz`)).status
}

describe('SIGTERM', () => {
  it('is not ready at once, goes on serving for the drain time, and ends with 0 failed requests', async () => {
    child = await startChild(['--drain', '6s'])
    const target = child
    const tally: Tally = { answered: 0, closing: 0, failed: [] }
    expect(await readyz(target)).toBe(200)
    let moved = false
    const clients = Array.from({ length: 20 }, () => client(target, tally, () => moved))
    const idle = await rawConnection(target.port, target.ca)
    const idleEnd = readToEnd(idle)
    await until(() => tally.answered > 100)
    target.process.kill('SIGTERM')
    await target.said('draining')
    expect(await readyz(target)).toBe(503)
    const before = tally.answered
    // Few enough that a busy machine gives them within the drain time: each comes over a new connection.
    await until(() => tally.answered > before + 40)
    moved = true
    await Promise.all(clients)
    expect(tally.closing).toBeGreaterThan(20)
    expect(tally.failed).toEqual([])
    expect(await target.ended).toBe(0)
    expect(await idleEnd).toBe('')
  })

  it('does not end while callers still use it', async () => {
    child = await startChild(['--drain', '100ms'])
    const target = child
    const tally: Tally = { answered: 0, closing: 0, failed: [] }
    let moved = false
    const clients = [client(target, tally, () => moved)]
    await until(() => tally.answered > 5)
    target.process.kill('SIGTERM')
    await target.said('draining')
    const start = performance.now()
    await until(() => performance.now() > start + 1000)
    expect(tally.failed).toEqual([])
    moved = true
    await Promise.all(clients)
    expect(await target.ended).toBe(0)
    expect(tally.failed).toEqual([])
    expect(performance.now() - start).toBeGreaterThan(2500)
  })

  it('ends at once at a second signal', async () => {
    child = await startChild(['--drain', '10m'])
    child.process.kill('SIGTERM')
    await child.said('draining')
    child.process.kill('SIGTERM')
    await child.said('ending at once')
    expect(await child.ended).toBe(0)
  })

  for (const [how, flags, signals] of [
    ['a drain', ['--drain', '200ms'], 1],
    ['a second signal', ['--drain', '10m'], 2],
  ] as const) {
    it(`has a line of the log for each answer that it gave until ${how} ended it`, async () => {
      child = await startChild([...flags])
      const target = child
      const tally: Tally = { answered: 0, closing: 0, failed: [] }
      const clients = Array.from({ length: 4 }, () => client(target, tally, () => false))
      await until(() => tally.answered > 50)
      for (let sent = 0; sent < signals; sent++) {
        target.process.kill('SIGTERM')
        await target.said('draining')
      }
      expect(await target.ended).toBe(0)
      await Promise.all(clients)
      await until(() => target.log.some((line) => line.includes('"message":"ended"')))
      const lines = target.log.filter((line) => line.includes('"message":"decided on a pod"'))
      expect(lines.length).toBeGreaterThanOrEqual(tally.answered)
    })
  }

  it('lets silent connections not hold up the end', async () => {
    child = await startChild(['--drain', '100ms'])
    const sockets = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(child?.port ?? 0, '127.0.0.1')
        socket.on('error', () => undefined)
        await once(socket, 'connect')
        return socket
      }),
    )
    child.process.kill('SIGTERM')
    expect(await child.ended).toBe(0)
    for (const socket of sockets) socket.destroy()
  })
})
