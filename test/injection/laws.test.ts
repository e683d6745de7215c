// Laws of injection over generated pods: what injecting twice does, alone and with another webhook in between.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { decodePod, injectPod } from '../../src/injection/inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { deepFreeze, equalJson, type Json, type JsonObject } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { additions, withoutAnnotation } from '../generate/addition.ts'
import { pods } from '../generate/pod.ts'
import { runs } from '../runs.ts'
import { untouchedAgain } from './istio-again.ts'
import { CLUSTER, makeRevision } from './settings.ts'

const RUNS = runs(60)

const plain = makeRevision()
const native = makeRevision({ env: { ENABLE_NATIVE_SIDECARS: 'true' } })
const SETTINGS = [
  ['containers', plain],
  ['native sidecars', native],
] as const

type Compat = 'istio' | 'improved'

/** Injects a frozen pod; undefined when it is refused. */
function inject(pod: Pod, settings: RevisionSettings, compat: Compat): Pod | undefined {
  try {
    return injectPod({
      pod: deepFreeze(pod),
      settings,
      cluster: CLUSTER,
      envPairs: { ISTIO_META_NETWORK: 'net' },
      mode: 'webhook',
      compat,
      structure: 'istio',
    }).pod
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

const retyped = (pod: Pod): Pod => decode(POD, pod as unknown as Json) as unknown as Pod

function bringsOurContainers(raw: JsonObject): boolean {
  const { containers = [], initContainers = [] } = raw['spec'] as unknown as Pod['spec']
  return [...containers, ...initContainers].some((container) => container.name.startsWith('istio-'))
}

describe('compat improved', () => {
  for (const [name, settings] of SETTINGS) {
    it(`injecting twice is injecting once: ${name}`, () => {
      fc.assert(
        fc.property(pods({ odd: true }), (raw) => {
          const once = inject(decodePod(raw, 'default'), settings, 'improved')
          if (once === undefined) return
          expect(inject(once, settings, 'improved')).toEqual(once)
        }),
        { numRuns: RUNS },
      )
    })

    it(`what happens in between may as well happen before: ${name}`, () => {
      const cases = pods({ odd: true }).chain((raw) => {
        const { annotations = {} } = raw['metadata'] as { annotations?: Record<string, string> }
        const names = Object.keys(annotations).filter((annotation) => !annotation.endsWith('/status'))
        return fc.record({
          raw: fc.constant(raw),
          added: additions({ annotations: names, moving: !bringsOurContainers(raw) }),
        })
      })
      fc.assert(
        fc.property(cases, ({ raw, added }) => {
          const pod = decodePod(raw, 'default')
          const add = (to: Pod): Pod =>
            retyped(added.reduce((current, addition) => addition.apply(current), to))
          const once = inject(pod, settings, 'improved')
          const want = inject(add(pod), settings, 'improved')
          if (once === undefined || want === undefined) return
          expect(inject(add(once), settings, 'improved')).toEqual(want)
        }),
        { numRuns: RUNS },
      )
    })
  }
})

const STATUS_PORT = 15020

describe('compat istio', () => {
  for (const [name, settings] of SETTINGS) {
    it(`injecting twice is injecting once, but for what the contract says: ${name}`, () => {
      fc.assert(
        fc.property(pods(), (raw) => {
          const incoming = decodePod(raw, 'default')
          const once = inject(incoming, settings, 'istio')
          if (once === undefined) return
          const again = { incoming, once, added: false, statusPort: STATUS_PORT }
          const twice = inject(once, settings, 'istio')
          expect(twice && untouchedAgain(twice, again)).toEqual(untouchedAgain(once, again))
        }),
        { numRuns: RUNS },
      )
    })

    it(`what happens in between may as well happen before, but for what the contract says: ${name}`, () => {
      const cases = pods().chain((raw) =>
        fc.record({
          raw: fc.constant(raw),
          added: additions({ annotations: [], moving: !bringsOurContainers(raw) }),
        }),
      )
      fc.assert(
        fc.property(cases, ({ raw, added }) => {
          const pod = decodePod(raw, 'default')
          const add = (to: Pod): Pod =>
            retyped(added.reduce((current, addition) => addition.apply(current), to))
          const once = inject(pod, settings, 'istio')
          const want = inject(add(pod), settings, 'istio')
          if (once === undefined || want === undefined) return
          const again = { incoming: add(pod), once, added: true, statusPort: STATUS_PORT }
          const got = inject(add(once), settings, 'istio')
          expect(got && untouchedAgain(got, again)).toEqual(untouchedAgain(want, again))
        }),
        { numRuns: RUNS },
      )
    })
  }
})

describe('an annotation of the injection itself that somebody removes, under compat improved', () => {
  /** Injects, removes annotation `name`, and injects twice more. */
  function without(name: string, check: (once: Pod, again: Pod) => void): void {
    fc.assert(
      fc.property(pods(), fc.constantFrom(plain, native), (raw, settings) => {
        const once = inject(decodePod(raw, 'default'), settings, 'improved')
        if (once === undefined) return
        const again = inject(withoutAnnotation(name).apply(once), settings, 'improved')
        if (again === undefined) throw new Error('the second injection is refused')
        check(once, again)
        expect(inject(again, settings, 'improved')).toEqual(again)
      }),
      { numRuns: RUNS },
    )
  }

  for (const name of ['remora.dev/config-hash', 'proxy.istio.io/overrides']) {
    it(`${name}: it comes back, as the record knows the pod`, () => {
      without(name, (once, again) => expect(again).toEqual(once))
    })
  }

  it('remora.dev/record: the pod counts as one that Istio injected, and has the same containers', () => {
    without('remora.dev/record', (once, again) => {
      const names = (pod: Pod) =>
        [pod.spec.containers, pod.spec.initContainers].map((list) => list?.map((each) => each.name))
      expect(names(again)).toEqual(names(once))
    })
  })

  it('sidecar.istio.io/status: the pod counts as never injected, its sidecar as the own one of its user', () => {
    without('sidecar.istio.io/status', (_, again) => {
      expect(again.metadata.annotations).toHaveProperty(['proxy.istio.io/overrides'])
    })
  })
})

describe('any injection', () => {
  it('gives a pod in canonical form and shares what it does not touch', () => {
    fc.assert(
      fc.property(pods(), fc.constantFrom<Compat>('istio', 'improved'), (raw, compat) => {
        const pod = decodePod(raw, 'default')
        const once = inject(pod, plain, compat)
        if (once === undefined) return
        expect(equalJson(retyped(once), once)).toBe(true)
        expect(once.spec['tolerations']).toBe(pod.spec['tolerations'])
      }),
      { numRuns: RUNS },
    )
  })
})
