// What clients of the webhook port see (contract §1.1), over TLS: order of the checks, texts, metrics, and log lines
// that never tell what is in a pod.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BodyReader } from '../../src/server/body.ts'
import { createEndpoint } from '../../src/server/endpoint.ts'
import { LIMITS } from '../../src/server/limits.ts'
import { startWebhook, type Webhook } from '../../src/server/webhook.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { Finished } from '../../src/telemetry/request-metrics.ts'
import { POD, reviewOf, snapshotOf } from '../admission/fixture.ts'
import { call, makePki, type Reply } from './client.ts'

const TEXT = 'text/plain; charset=utf-8'
const LIMIT = 10_000
let webhook: Webhook
let ca: string
let ready = true
let lines: string[] = []
let finished: Finished[] = []
let started = 0

beforeAll(async () => {
  const pki = await makePki()
  const snapshot = snapshotOf()
  const log = createLog(
    (line) => lines.push(line()),
    'info',
    () => 0,
  )
  ca = pki.ca.cert
  webhook = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    pair: pki.leaf,
    minVersion: 'TLSv1.2',
    limits: LIMITS,
    endpoint: createEndpoint({
      snapshot: () => snapshot,
      admission: { compat: 'istio', structure: 'refuse' },
      deadlineMs: 10_000,
      bodies: new BodyReader(LIMIT, LIMITS.pendingBytes, () => undefined),
      bodyLimit: LIMIT,
      ready: () => ready,
      metrics: { started: () => started++, finished: (request) => finished.push(request) },
      log,
    }),
    log,
    onConnectionDropped: () => undefined,
  })
})
afterAll(() => webhook.close(0))
beforeEach(() => {
  ready = true
  lines = []
  finished = []
  started = 0
})

function post(
  body: string,
  more: { path?: string; method?: string; type?: string | undefined } = {},
): Promise<Reply> {
  const { path = '/inject', method = 'POST' } = more
  const type = 'type' in more ? more.type : 'application/json'
  return call({
    port: webhook.port,
    ca,
    path,
    method,
    body,
    headers: type === undefined ? {} : { 'Content-Type': type },
  })
}

const GOOD = JSON.stringify(reviewOf(POD))

describe('checks in order', () => {
  const cases: [
    name: string,
    body: string,
    type: string | undefined,
    status: number,
    text: string,
    reason: string,
  ][] = [
    [
      'too large wins over the type',
      'x'.repeat(LIMIT + 1),
      'text/plain',
      400,
      `Request entity too large: limit is ${LIMIT}\n`,
      'body-too-large',
    ],
    ['empty wins over the type', '', 'text/plain', 400, 'no body found\n', 'body-empty'],
    [
      'a type with a parameter',
      GOOD,
      'application/json; charset=utf-8',
      415,
      'invalid Content-Type, want `application/json`\n',
      'content-type',
    ],
    ['no type', GOOD, undefined, 415, 'invalid Content-Type, want `application/json`\n', 'content-type'],
  ]
  for (const [name, body, type, status, text, reason] of cases) {
    it(`${name}: ${status}`, async () => {
      const reply = await post(body, { type })
      expect([reply.status, reply.headers['content-type'], reply.body]).toEqual([status, TEXT, text])
      expect(started).toBe(1)
      expect(finished).toMatchObject([{ outcome: 'invalid', reason, revision: 'unknown' }])
    })
  }

  it('answers a review as text, whatever the method', async () => {
    for (const method of ['POST', 'GET', 'PUT', 'DELETE']) {
      const reply = await post(GOOD, { method })
      expect([reply.status, reply.headers['content-type']]).toEqual([200, TEXT])
      expect(reply.body).toMatch(
        /^{"kind":"AdmissionReview","apiVersion":"admission.k8s.io\/v1","response":{"uid":"u-1","allowed":true,"patch":"/,
      )
    }
    expect(finished.map(({ outcome }) => outcome)).toEqual(['patched', 'patched', 'patched', 'patched'])
  })

  it('answers in full where the answer has characters of several bytes', async () => {
    for (const uid of ['\u00fc', '\u20ac-2', '\u{1f600}']) {
      const { body } = await post(GOOD.replace('u-1', uid))
      expect(JSON.parse(body)).toMatchObject({ response: { uid, allowed: true, patchType: 'JSONPatch' } })
    }
  })

  it('answers undecodable bodies with a review, and escapes as Go does', async () => {
    const reply = await post('{"a":"<&>"}')
    expect(reply.body).toBe(
      '{"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"Object \'Kind\' is missing in \'{\\"a\\":\\"\\u003c\\u0026\\u003e\\"}\'"}}}',
    )
    expect(finished).toMatchObject([{ outcome: 'refused', reason: 'invalid-review' }])
  })

  it('survives nesting that would end a recursion', async () => {
    const half = LIMIT / 2 - 50
    for (const body of [
      '['.repeat(LIMIT),
      '{"a":'.repeat(LIMIT / 5),
      `{"a":${'['.repeat(half)}${']'.repeat(half)}}`,
    ]) {
      expect((await post(body)).body).toContain('"allowed":false')
    }
    expect((await post(GOOD)).body).toContain('"allowed":true')
  })
})

describe('paths', () => {
  it('tells readiness', async () => {
    expect(await post('', { path: '/ready', method: 'GET' })).toMatchObject({ status: 200, body: '' })
    ready = false
    expect(await post('', { path: '/ready', method: 'GET' })).toMatchObject({ status: 503, body: '' })
    expect(started).toBe(0)
  })

  it('redirects to clean paths and knows no others', async () => {
    const redirect = await post(GOOD, { path: '/inject//a?b' })
    expect([redirect.status, redirect.headers['location'], redirect.body]).toEqual([301, '/inject/a?b', ''])
    const shown = await post('', { path: '//inject?a=<b>', method: 'GET' })
    expect(shown.body).toBe('<a href="/inject?a=&#60;b&#62;">Moved Permanently</a>.\n\n')
    const missing = await post(GOOD, { path: '/other' })
    expect([missing.status, missing.headers['content-type'], missing.body]).toEqual([
      404,
      TEXT,
      '404 page not found\n',
    ])
    expect(finished).toEqual([])
  })

  it('takes very long paths', async () => {
    const reply = await post(GOOD, { path: `/inject${'/k/v'.repeat(2000)}` })
    expect(reply.body).toContain('"allowed":true')
  })
})

describe('log', () => {
  it('has one line for each decision, and nothing of the pod but its name', async () => {
    const env = [{ name: 'PASSWORD', value: 'secret-value' }]
    const pod = {
      metadata: { generateName: 'web-', annotations: { note: 'secret-note' }, labels: { a: 'secret-label' } },
      spec: { containers: [{ name: 'app', image: 'secret-image', env }] },
    }
    await post(JSON.stringify(reviewOf(pod)), { path: '/inject/pass/secret-pair' })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('secret')
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(line).toMatchObject({
      level: 'info',
      message: 'decided on a pod',
      uid: 'u-1',
      namespace: 'ns',
      pod: 'web-',
      revision: 'default',
      outcome: 'patched',
      reason: 'policy-enabled',
      generation: 2,
    })
    expect(line['ms']).toBeGreaterThan(0)
  })

  it('tells of a refusal which problem it was, not what it quotes', async () => {
    const annotations = { 'sidecar.istio.io/proxyCPU': 'secret-quantity' }
    await post(JSON.stringify(reviewOf({ ...POD, metadata: { annotations } })))
    expect(lines[0]).not.toContain('secret')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      outcome: 'refused',
      reason: 'invalid-annotation',
    })
  })
})
