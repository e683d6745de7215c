// `make demo`: what remora does, on this machine, in a few seconds. Starts the stand-alone webhook with the built-in
// templates, sends it the AdmissionReview of a Deployment's pod over HTTPS, and shows the answer; then edits the
// Deployment itself, as one would without a cluster. Leaves nothing behind.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import type { Pod } from '../../src/api/kube.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'

const DEPLOYMENT = 'deployment.yaml'
/** What an API server sends when the Deployment's ReplicaSet makes a pod. */
const REVIEW = 'review.json'
const MAIN = join(import.meta.dirname, '../../src/main.ts')

interface Running {
  readonly process: ChildProcess
  readonly port: number
  readonly ca: string
  /** The log line of its first decision, which is written a moment after the answer. */
  readonly decision: Promise<string>
}

function heading(text: string): void {
  process.stdout.write(`\n${styleText('bold', text, { stream: process.stdout })}\n`)
}

function line(text: string): void {
  process.stdout.write(`  ${text}\n`)
}

/** Starts the webhook and waits until it has told its port and its authority. */
async function startWebhook(stateDir: string): Promise<Running> {
  const flags = ['--host', '127.0.0.1', '--port', '0', '--health-port', '0', '--state-dir', stateDir]
  const child = spawn(process.execPath, [MAIN, 'webhook', '--standalone', ...flags])
  const log: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Running>()
  const decided = Promise.withResolvers<string>()
  createInterface({ input: child.stderr }).on('line', (text) => {
    log.push(text)
    if (text.includes('"uid"')) decided.resolve(text)
  })
  child.once('close', () => {
    const error = new Error(`the webhook ended: ${log.join('\n')}`)
    reject(error)
    decided.reject(error)
  })
  // Who waits for it hears of it; before that, the start has failed already.
  decided.promise.catch(() => undefined)
  let announced = ''
  child.stdout.on('data', (chunk: Buffer) => {
    announced += chunk.toString()
    const facts = parseYaml(announced) as { port?: number; caBundle?: string }
    if (facts.port === undefined || facts.caBundle === undefined) return
    const ca = Buffer.from(facts.caBundle, 'base64').toString()
    resolve({ process: child, port: facts.port, ca, decision: decided.promise })
  })
  return promise
}

function post(webhook: Running, review: JsonObject): Promise<JsonObject> {
  const { promise, resolve, reject } = Promise.withResolvers<JsonObject>()
  const options = {
    host: '127.0.0.1',
    port: webhook.port,
    path: '/inject',
    method: 'POST',
    ca: webhook.ca,
    servername: 'remora-injector.remora-system.svc',
    headers: { 'content-type': 'application/json' },
  }
  const call = request(options, (answer) => {
    let body = ''
    answer.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    answer.on('end', () => resolve(JSON.parse(body) as JsonObject))
  })
  call.on('error', reject)
  call.end(JSON.stringify(review))
  return promise
}

function showAnswer(answer: JsonObject, pod: Pod): void {
  const { allowed, patch } = answer['response'] as { allowed: boolean; patch: string }
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]
  heading(`The answer: allowed ${allowed}, a JSON patch of ${operations.length} operations`)
  for (const operation of operations) {
    const value = 'value' in operation ? JSON.stringify(operation.value) : ''
    line(
      `${operation.op.padEnd(7)} ${operation.path} ${value.length > 60 ? `${value.slice(0, 57)}...` : value}`,
    )
  }
  const injected = applyPatch(pod as unknown as Json, operations) as unknown as Pod
  heading('The pod as it would be stored')
  for (const [kind, containers] of [
    ['init container', injected.spec.initContainers ?? []],
    ['container', injected.spec.containers],
  ] as const) {
    for (const { name, image } of containers) line(`${kind.padEnd(14)} ${name.padEnd(12)} ${image}`)
  }
}

function showOffline(): void {
  const command = ['inject', '--offline', '--diff', '-f', DEPLOYMENT]
  heading('The same without a cluster: remora inject --offline --diff -f deployment.yaml (first 24 lines)')
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...command], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  })
  for (const text of `${stderr}${stdout}`.split('\n').slice(0, 24)) line(text)
}

async function main(): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'remora-demo-'))
  const webhook = await startWebhook(stateDir)
  try {
    const review = JSON.parse(readFileSync(join(import.meta.dirname, REVIEW), 'utf8')) as JsonObject
    const pod = (review['request'] as JsonObject)['object'] as unknown as Pod
    heading(
      `The webhook serves https://127.0.0.1:${webhook.port}/inject; an API server would now send it this pod`,
    )
    for (const { name, image } of pod.spec.containers)
      line(`${'container'.padEnd(14)} ${name.padEnd(12)} ${image}`)
    showAnswer(await post(webhook, review), pod)
    heading('Why: the log line of the decision')
    line(await webhook.decision)
    showOffline()
    heading('Next: `npm run -s remora -- explain --offline -f test/demo/deployment.yaml`, and the README')
  } finally {
    webhook.process.kill('SIGKILL')
    rmSync(stateDir, { recursive: true, force: true })
  }
}

await main()
