// Changes carried over to the raw request object.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyPatch } from '../../src/patch/apply.ts'
import { diff } from '../../src/patch/diff.ts'
import { rebase } from '../../src/patch/rebase.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { cloneJson, deepFreeze, equalJson, type Json } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { pod } from './arbitrary.ts'

function carried(raw: unknown, change: (base: Json) => Json): Json {
  const frozen = deepFreeze(raw) as Json
  const base = deepFreeze(decode(POD, frozen))
  return rebase(frozen, base, deepFreeze(change(cloneJson(base))), POD)
}

interface Spec {
  containers: { name: string; image?: string; resources?: object; env?: object[] }[]
  [field: string]: unknown
}

function onSpec(raw: unknown, change: (spec: Spec) => void): Json {
  return carried(raw, (base) => {
    change((base as { spec: Spec }).spec)
    return base
  })
}

describe('rebase', () => {
  it('keeps unknown fields and spellings where nothing changed', () => {
    const raw = {
      spec: {
        future: 1,
        hostNetwork: false,
        containers: [{ name: 'a', future: { x: 1 }, resources: { limits: { cpu: '1000m' } }, args: [] }],
      },
    }
    const want = {
      spec: {
        future: 1,
        hostNetwork: false,
        containers: [{ ...raw.spec.containers[0], image: 'i' }, { name: 'n' }],
        hostname: 'h',
      },
    }
    const result = onSpec(raw, (spec) => {
      spec.hostname = 'h'
      for (const container of spec.containers) container.image = 'i'
      spec.containers.push({ name: 'n' })
    })
    expect(result).toEqual(want)
  })

  it('keeps unknown fields with their container when containers move', () => {
    const raw = {
      spec: {
        containers: [
          { name: 'a', future: 'a' },
          { name: 'b', future: 'b' },
        ],
      },
    }
    const result = onSpec(raw, (spec) => {
      spec.containers.reverse()
      spec.containers.unshift({ name: 'istio-proxy' })
    })
    expect(result).toEqual({
      spec: { containers: [{ name: 'istio-proxy' }, { name: 'b', future: 'b' }, { name: 'a', future: 'a' }] },
    })
  })

  it('makes the parents that the raw object lacks', () => {
    const raw = { spec: { containers: [{ name: 'a', securityContext: null }] } }
    const result = onSpec(raw, (spec) => {
      for (const container of spec.containers) {
        container.resources = { limits: { cpu: '1' } }
        Object.assign(container, { securityContext: { runAsUser: 1 } })
      }
    })
    const container = { name: 'a', securityContext: { runAsUser: 1 }, resources: { limits: { cpu: '1' } } }
    expect(result).toEqual({ spec: { containers: [container] } })
  })

  it('removes what was removed, and sets what the raw object had as a zero value', () => {
    const raw = { spec: { containers: [], nodeName: 'n', hostname: '', future: 1 } }
    const result = onSpec(raw, (spec) => {
      delete spec['nodeName']
      spec['hostname'] = 'h'
    })
    expect(result).toEqual({ spec: { containers: [], hostname: 'h', future: 1 } })
  })

  it('finds a field that the raw object spells in another case', () => {
    const raw = { Spec: { Containers: [{ NAME: 'a', Image: 'i' }] }, metadata: { labels: { App: 'x' } } }
    const result = carried(raw, (base) => {
      const changed = base as { spec: Spec; metadata: { labels: Record<string, string> } }
      changed.metadata.labels['app'] = 'y'
      for (const container of changed.spec.containers) container.image = 'j'
      return base
    })
    expect(decode(POD, result)).toEqual({
      metadata: { labels: { App: 'x', app: 'y' } },
      spec: { containers: [{ name: 'a', image: 'j', resources: {} }] },
      status: {},
    })
    expect(Object.keys(result as object)).not.toContain('Spec')
  })

  it('keeps an annotation named __proto__', () => {
    const raw = JSON.parse('{"metadata":{"annotations":{"__proto__":"x"}}}') as Json
    const result = carried(raw, (base) => {
      const annotations = (base as { metadata: { annotations: Record<string, string> } }).metadata.annotations
      annotations['a'] = 'y'
      return base
    })
    expect(JSON.stringify(result)).toBe('{"metadata":{"annotations":{"__proto__":"x","a":"y"}}}')
  })

  it('changes matched items of lists without keys in place, as long as their number stays', () => {
    const raw = {
      spec: {
        containers: [],
        tolerations: [
          { effect: 'a', future: 1 },
          { effect: 'b', future: 2 },
        ],
      },
    }
    const result = onSpec(raw, (spec) => {
      spec['tolerations'] = [{ effect: 'x' }, { effect: 'b' }]
    })
    const tolerations = [
      { effect: 'x', future: 1 },
      { effect: 'b', future: 2 },
    ]
    expect(result).toEqual({ spec: { containers: [], tolerations } })
  })

  it('takes the final list whole when the raw one does not belong to the base', () => {
    expect(rebase(['a', 'b'], ['a'], ['c'])).toEqual(['c'])
    expect(rebase(['a', 'b'], ['a'], ['a'])).toEqual(['a', 'b'])
  })

  it('law: without a change the very same object comes back, and of an equal one an equal', () => {
    fc.assert(
      fc.property(pod, (raw) => {
        const base = decode(POD, raw)
        expect(rebase(raw, base, base, POD)).toBe(raw)
        expect(diff(raw, rebase(raw, base, cloneJson(base), POD))).toEqual([])
      }),
    )
  })

  it('law: the patched request object decodes to the final pod', () => {
    fc.assert(
      fc.property(pod, pod, (raw, other) => {
        deepFreeze(raw)
        const base = deepFreeze(decode(POD, raw))
        const final = deepFreeze(decode(POD, other))
        const patched = applyPatch(raw, diff(raw, rebase(raw, base, final, POD)))
        expect(equalJson(decode(POD, patched), final)).toBe(true)
      }),
      { numRuns: runs(500) },
    )
  })
})
