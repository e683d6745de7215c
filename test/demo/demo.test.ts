// The demo tells the whole story, on any machine: the pod, the answer, the decision, and the edited Deployment.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('shows a pod, its answer and patch, the stored pod, why, and the same without a cluster', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'demo.ts')], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const parts = stdout.split('\n\n').map((part) => part.trim().split('\n'))
  const [sent = [], answer = [], stored = [], why = [], offline = [], next = []] = parts
  expect(sent[0]).toMatch(/^The webhook serves https:\/\/127\.0\.0\.1:\d+\/inject; /)
  expect(answer[0]).toBe(`The answer: allowed true, a JSON patch of ${answer.length - 1} operations`)
  expect(stored.map((text) => text.trim().split(/ {2,}|(?<=container) /)[1])).toEqual(
    expect.arrayContaining(['istio-init', 'web', 'metrics', 'istio-proxy']),
  )
  expect(why).toHaveLength(2)
  const { message, pod, outcome, reason } = JSON.parse(why[1] ?? '') as Record<string, string>
  expect({ message, pod, outcome, reason }).toEqual({
    message: 'decided on a pod',
    pod: 'shop-6d4cf56db6-',
    outcome: 'patched',
    reason: 'policy-enabled',
  })
  expect(offline).toContain('  +++ b/deployment.yaml')
  expect(next[0]).toMatch(/^Next: /)
})
