// manifests/standalone.yaml calls the webhook for the pods that Istio's default revision takes: the truth table of
// contract revisions §4.1, column and row by row, for a cluster that has no other revision.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSelector, matchesEntry } from '../../src/mesh/selector.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'

const file = join(import.meta.dirname, '../../manifests/standalone.yaml')
const { webhooks } = parseYaml(readFileSync(file, 'utf8')) as { webhooks: JsonObject[] }

const PODS: readonly Record<string, string>[] = [
  {},
  { 'sidecar.istio.io/inject': 'true' },
  { 'sidecar.istio.io/inject': 'false' },
  { 'istio.io/rev': 'canary' },
  { 'sidecar.istio.io/inject': 'true', 'istio.io/rev': 'canary' },
  { 'istio.io/rev': 'default' },
]

/** Namespace labels, and for each pod above whether the webhook is called. */
const TABLE: readonly [Record<string, string>, string][] = [
  [{}, '-x---x'],
  [{ 'istio-injection': 'enabled' }, 'xx-xxx'],
  [{ 'istio-injection': 'disabled' }, '------'],
  [{ 'istio-injection': '' }, '------'],
  [{ 'istio.io/rev': 'default' }, 'xx-xxx'],
  [{ 'istio.io/rev': 'canary' }, '------'],
  [{ 'istio-injection': 'enabled', 'istio.io/rev': 'canary' }, 'xx-xxx'],
  [{ 'istio-injection': 'disabled', 'istio.io/rev': 'default' }, '------'],
]

describe('manifests/standalone.yaml', () => {
  const selectors = webhooks.map((webhook) => ({
    namespaceSelector: decodeSelector(webhook['namespaceSelector']),
    objectSelector: decodeSelector(webhook['objectSelector']),
  }))
  for (const [namespace, called] of TABLE) {
    it(`in a namespace with ${JSON.stringify(namespace)}`, () => {
      const seen = PODS.map((pod) => selectors.filter((entry) => matchesEntry(entry, namespace, pod)).length)
      expect(seen.map((count) => ['-', 'x', 'twice'][count]).join('')).toBe(called)
    })
  }

  it('fails closed, and has no side effects on a dry run', () => {
    for (const webhook of webhooks) {
      expect(webhook).toMatchObject({
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      })
    }
  })
})
