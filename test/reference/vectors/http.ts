// HTTP vectors against the webhook port itself: a real TLS server in this process, one connection a request.
// Status, body, content type, review and istiod's counters must be as said. Redirects are compared by their location
// alone. Where Istio panics, we answer a refusal (with the uid, where there is one) or a 4xx.

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { NEWEST } from '../../../src/api/release.ts'
import { issueAuthority, issueLeaf } from '../../../src/certs/issue.ts'
import { templateCompiler } from '../../../src/injection/compile.ts'
import { changeSnapshot, EMPTY_SNAPSHOT, replaceRevision } from '../../../src/mesh/snapshot.ts'
import { BodyReader } from '../../../src/server/body.ts'
import { createEndpoint } from '../../../src/server/endpoint.ts'
import { LIMITS } from '../../../src/server/limits.ts'
import { startWebhook, type Webhook } from '../../../src/server/webhook.ts'
import { createLog } from '../../../src/telemetry/log.ts'
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts'
import { type FileReport, type Outcome, readLines } from '../outcome.ts'
import { readTexts } from '../settings.ts'

interface Row {
  readonly id: string
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly bodyB64?: string
  readonly padTo?: number
  readonly expect: {
    readonly status?: number
    readonly contentType?: string
    readonly location?: string
    readonly bodyText?: string
    readonly review?: unknown
    readonly connection?: string
    readonly metrics?: Readonly<Record<string, number>>
  }
}

interface Reply {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Runs http.jsonl; the settings are those of the differential data beside the vectors. */
export async function run(dir: string): Promise<FileReport[]> {
  const settings = join(dir, '../../differential/settings/native-off')
  const file = 'http/http.jsonl'
  if (!existsSync(settings)) {
    return [{ file, outcomes: [{ id: file, ok: false, detail: `no settings in ${settings}` }] }]
  }
  const target = await start(settings)
  try {
    const outcomes: Outcome[] = []
    for (const row of readLines<Row>(join(dir, 'http.jsonl'))) outcomes.push(await check(row, target))
    return [{ file, outcomes }]
  } finally {
    await target.webhook.close(0)
    target.metrics.close()
  }
}

interface Target {
  readonly webhook: Webhook
  readonly metrics: Metrics
  readonly ca: string
}

async function start(settings: string): Promise<Target> {
  const env = { ENABLE_NATIVE_SIDECARS: 'false' }
  const inputs = { revision: 'default', release: NEWEST, env, ...readTexts(settings) }
  const cluster = { access: true, id: 'Kubernetes', nodes: [], namespaces: {}, proxyConfigs: [] }
  const empty = changeSnapshot(EMPTY_SNAPSHOT, { defaultRevision: 'default', cluster })
  const snapshot = replaceRevision(empty, inputs, templateCompiler(env, NEWEST))
  const metrics = createMetrics(() => ({
    generation: 1,
    snapshotAgeSeconds: 0,
    configGood: {},
    certificateSeconds: undefined,
    certificateGood: true,
    connections: 0,
  }))
  const log = createLog(
    () => undefined,
    'off',
    () => 0,
  )
  const ca = await issueAuthority(Date.now())
  const webhook = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    pair: await issueLeaf(ca, ['127.0.0.1'], Date.now()),
    minVersion: 'TLSv1.2',
    limits: LIMITS,
    endpoint: createEndpoint({
      snapshot: () => snapshot,
      admission: { compat: 'istio', structure: 'refuse' },
      deadlineMs: 10_000,
      bodies: new BodyReader(LIMITS.bodyBytes, LIMITS.pendingBytes, () => undefined),
      bodyLimit: LIMITS.bodyBytes,
      ready: () => true,
      metrics,
      log,
    }),
    log,
    onConnectionDropped: () => undefined,
  })
  return { webhook, metrics, ca: ca.cert }
}

async function check(row: Row, target: Target): Promise<Outcome> {
  try {
    const before = await counters(target.metrics)
    const reply = await exchange(row, target)
    const after = await counters(target.metrics)
    const wrong = row.expect.connection === undefined ? compare(row, reply) : comparePanic(row, reply)
    const moved = Object.fromEntries(
      Object.entries(after)
        .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
        .filter(([, by]) => by !== 0),
    )
    if (row.expect.connection === undefined) wrong.push(...differ('metrics', row.expect.metrics ?? {}, moved))
    return wrong.length === 0
      ? { id: row.id, ok: true }
      : { id: row.id, ok: false, detail: `${row.name}\n${wrong.join('\n')}` }
  } catch (error) {
    return {
      id: row.id,
      ok: false,
      detail: `${row.name}\n${error instanceof Error ? (error.stack ?? '') : String(error)}`,
    }
  }
}

function compare(row: Row, reply: Reply): string[] {
  const { expect } = row
  if (expect.location !== undefined) {
    const redirect = [301, 307, 308].includes(reply.status)
    return differ('location', [true, expect.location], [redirect, reply.headers.get('location')])
  }
  const wrong = [
    ...differ('status', expect.status, reply.status),
    ...differ('content type', expect.contentType ?? '', reply.headers.get('content-type') ?? ''),
  ]
  if (expect.bodyText !== undefined) wrong.push(...differ('body', expect.bodyText, reply.body))
  if (expect.review !== undefined) wrong.push(...differ('review', expect.review, withoutPatch(reply.body)))
  return wrong
}

function comparePanic(row: Row, reply: Reply): string[] {
  if (reply.status >= 400 && reply.status < 500) return []
  const { request } = JSON.parse(row.body ?? '{}') as { request?: { uid?: string } | null }
  const review = JSON.parse(reply.body) as { response: { uid: string; allowed: boolean } }
  return differ(
    'answer',
    [200, request?.uid ?? '', false],
    [reply.status, review.response.uid, review.response.allowed],
  )
}

const PATCH_PLACEHOLDER = '<base64 of a JSON patch>'

function withoutPatch(body: string): unknown {
  const review = JSON.parse(body) as { response: { patch?: string } }
  const { patch } = review.response
  if (patch === undefined || !Array.isArray(JSON.parse(Buffer.from(patch, 'base64').toString('utf8'))))
    return review
  return { ...review, response: { ...review.response, patch: PATCH_PLACEHOLDER } }
}

function differ(what: string, want: unknown, got: unknown): string[] {
  const text = (value: unknown): string => JSON.stringify(sorted(value))
  return text(want) === text(got) ? [] : [`${what}: expected ${text(want)}`, `${what}: got      ${text(got)}`]
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

const COUNTER = /^(sidecar_injection_(?:\w+_total|time_seconds_count)) (\S+)$/gm

async function counters(metrics: Metrics): Promise<Record<string, number>> {
  const text = await metrics.text()
  return Object.fromEntries([...text.matchAll(COUNTER)].map((match) => [match[1] ?? '', Number(match[2])]))
}

/** One request by hand: Node's client would mend paths and headers that the vectors mean as they are. */
async function exchange(row: Row, target: Target): Promise<Reply> {
  const given = row.bodyB64 === undefined ? Buffer.from(row.body ?? '') : Buffer.from(row.bodyB64, 'base64')
  const padding = Buffer.alloc(Math.max(0, (row.padTo ?? 0) - given.length), ' ')
  const body = Buffer.concat([given, padding])
  const headers = Object.entries(row.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = body.length === 0 && row.method === 'GET' ? '' : `Content-Length: ${body.length}\r\n`
  const head = `${row.method} ${row.path} HTTP/1.1\r\nHost: webhook\r\nConnection: close\r\n${length}${headers.join('')}\r\n`
  const socket = connect({ host: '127.0.0.1', port: target.webhook.port, ca: target.ca, servername: '' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
  await once(socket, 'close')
  return parseReply(Buffer.concat(chunks))
}

function parseReply(bytes: Buffer): Reply {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) throw new Error('the connection was closed without a response')
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: bytes.subarray(end + 4).toString('utf8') }
}
