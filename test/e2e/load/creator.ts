// A process that creates pods at a steady rate through an API server, as controllers do, and writes down what became of
// each: `creator.ts KUBECONFIG OUTPUT PODS_A_SECOND`. Dry runs: admission is the same, and a store that grows by 50 pods
// a second does not slow down what is measured. Goes on until SIGTERM; what has begun is waited for.

import { createWriteStream } from 'node:fs'
import type { Container, Pod } from '../../../src/api/kube.ts'
import { loadAccess } from '../../../src/kube/access.ts'
import type { CreatedPod } from './load.ts'

const [kubeconfig = '', output = '', rate = ''] = process.argv.slice(2)
/** More would be a queue of this process, not load. */
const MOST_OPEN = 150
const NAMESPACES = ['load-default', 'load-revision', 'load-tag']
const LIMIT = '321m'

const access = await loadAccess({ kubeconfig, env: {} })
const results = createWriteStream(output, { flags: 'a' })
const open = new Set<Promise<void>>()
let made = 0

const WEB = { name: 'web', image: 'registry.example/web:1' }
/** What users write to change the sidecar of a pod. */
const OWN_SIDECAR = {
  name: 'istio-proxy',
  image: 'auto',
  env: [{ name: 'OWN', value: 'kept' }],
  resources: { limits: { cpu: LIMIT } },
}

function isKept({ image, env = [], resources }: Container): boolean {
  const own = env.filter(({ name }) => name === 'OWN').map(({ value }) => value)
  const { limits } = (resources ?? {}) as { limits?: { cpu?: string } }
  return image !== 'auto' && own.join() === 'kept' && limits?.cpu === LIMIT
}

async function create(): Promise<void> {
  const number = ++made
  const namespace = NAMESPACES[number % NAMESPACES.length] ?? ''
  const name = `load-${number}`
  const own = number % 2 === 0
  const began = Date.now()
  const base = { namespace, name, began }
  results.write(`${JSON.stringify(base)}\n`)
  const nothing = { sidecars: 0, revision: '', kept: false }
  try {
    const { status, body } = await access.send({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { dryRun: 'All' },
      body: { metadata: { name }, spec: { containers: own ? [WEB, OWN_SIDECAR] : [WEB] } },
    })
    const ms = Date.now() - began
    if (status !== 201) {
      const { message } = body as { message?: string }
      tell({ ...base, ...nothing, ms, refusal: `${status} ${message ?? ''}` })
      return
    }
    const { metadata, spec } = body as unknown as Pod
    const sidecars = [...spec.containers, ...(spec.initContainers ?? [])].filter(
      (container) => container.name === 'istio-proxy',
    )
    const revision = metadata.annotations?.['istio.io/rev'] ?? ''
    const kept = own ? sidecars.every(isKept) : spec.containers.some((container) => container.name === 'web')
    tell({ ...base, ms, sidecars: sidecars.length, revision, kept })
  } catch (error) {
    const refusal = error instanceof Error ? error.message : String(error)
    tell({ ...base, ...nothing, ms: Date.now() - began, refusal })
  }
}

function tell(pod: CreatedPod): void {
  results.write(`${JSON.stringify(pod)}\n`)
}

const first = performance.now()
let due = 0
const timer = setInterval(() => {
  const target = ((performance.now() - first) * Number(rate)) / 1000
  // Late ticks are made up for, but not those of a stall.
  due = Math.max(due, target - Number(rate))
  for (; due < target; due++) {
    if (open.size >= MOST_OPEN) continue
    const one = create().finally(() => open.delete(one))
    open.add(one)
  }
}, 5)

process.on('SIGTERM', async () => {
  clearInterval(timer)
  await Promise.all(open)
  results.end(() => process.exit(0))
})
