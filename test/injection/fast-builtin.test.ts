// The built-in templates suit the fast path: whatever annotations choose, pods of a shape that was met are hits.
// Functions that change maps in place would keep a rendering from being recorded.

import { describe, expect, it } from 'vitest'
import { builtinTemplates } from '../../src/config/builtin.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { answer, bench, podOf } from './fast.ts'
import { makeRevision, revisionWith } from './settings.ts'

/** Annotations by what they choose; `n` makes the values differ. */
const CHOICES: Readonly<Record<string, (n: number) => JsonObject>> = {
  nothing: () => ({}),
  requests: (n) => ({ 'sidecar.istio.io/proxyCPU': `${n}00m`, 'sidecar.istio.io/proxyMemory': `${n}Gi` }),
  limits: (n) => ({
    'sidecar.istio.io/proxyCPULimit': `${n}`,
    'sidecar.istio.io/proxyMemoryLimit': `${n}Mi`,
  }),
  'volumes with and without a name': () => ({
    'sidecar.istio.io/userVolume': '{"a":{"emptyDir":{}},"b":{"name":"c","emptyDir":{}}}',
    'sidecar.istio.io/userVolumeMount': '[{"name":"a","mountPath":"/a"},{"name":"c","mountPath":"/c"}]',
  }),
  ports: (n) => ({
    'traffic.sidecar.istio.io/excludeInboundPorts': `${n}000`,
    'traffic.sidecar.istio.io/includeOutboundPorts': `${n}001`,
  }),
  'log levels': (n) => ({
    'sidecar.istio.io/logLevel': `level${n}`,
    'sidecar.istio.io/agentLogLevel': `l:${n}`,
  }),
  'a proxy image': (n) => ({ 'sidecar.istio.io/proxyImage': `example.com/proxy:${n}` }),
  'a bootstrap': (n) => ({ 'sidecar.istio.io/bootstrapOverride': `bootstrap-${n}` }),
}

describe('built-in templates on the fast path', () => {
  const settings = makeRevision()
  for (const template of Object.keys(builtinTemplates())) {
    for (const [what, annotations] of Object.entries(CHOICES)) {
      it(`${template}: annotations for ${what} are served by it`, () => {
        const { cache, counts } = bench()
        const numbered = (n: number): JsonObject => ({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: `web-${n}`,
            annotations: { 'inject.istio.io/templates': template, ...annotations(n) },
          },
          spec: { containers: [{ name: `c${n}`, image: 'i' }] },
        })
        for (let n = 1; n < 9; n++) {
          expect(answer(settings, numbered(n), cache)).toBe(answer(settings, numbered(n)))
        }
        // The shape is met twice before it is built; a shared ProxyConfig makes it one shape more.
        expect(counts.hit).toBeGreaterThanOrEqual(3)
      })
    }
  }

  const plainText = 'metadata: {annotations: {c: "{{ index .ProxyConfig.ProxyMetadata `A` }}"}}'
  for (const [what, own] of [
    ['built-in', settings] as const,
    ['plain', revisionWith({ sidecar: plainText })] as const,
  ]) {
    it(`serve no pod with the ProxyConfig of another: ${what}`, () => {
      const { cache, counts } = bench()
      for (const n of [1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 1, 2]) {
        const config = `{"concurrency": ${n}, "proxyMetadata": {"A": "${n}"}}`
        const pod = podOf({ 'proxy.istio.io/config': config })
        expect(answer(own, pod, cache)).toBe(answer(own, pod))
      }
      // A config as JSON in quotes is text with escapes, which has no slot.
      if (own !== settings) expect(counts.hit).toBeGreaterThan(4)
    })
  }
})
