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
import { additions } from '../generate/addition.ts'
import { pods } from '../generate/pod.ts'
import { CLUSTER, makeRevision } from './settings.ts'

const RUNS = Number(process.env['REMORA_RUNS'] ?? 60)

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

/** A pod with the env of its sidecar in the order of names: a second injection leaves the first one's last behind. */
function withSortedEnv(pod: Pod): Pod {
  const sort = (list: Pod['spec']['containers'] | undefined) =>
    list?.map((container) => ({
      ...container,
      env: container.env?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }))
  const { containers, initContainers } = pod.spec
  return {
    ...pod,
    spec: { ...pod.spec, containers: sort(containers) ?? [], initContainers: sort(initContainers) },
  } as Pod
}

/** Where probes go to a port of their own, Istio takes the agent's pages for new probes when it comes again. */
function hasOwnStatusPort(raw: JsonObject): boolean {
  const { annotations = {} } = raw['metadata'] as { annotations?: Record<string, string> }
  return (annotations['status.sidecar.istio.io/port'] ?? '15020') !== '15020'
}

describe('compat istio', () => {
  for (const [name, settings] of SETTINGS) {
    it(`injecting twice is injecting once, but for what the contract says: ${name}`, () => {
      fc.assert(
        fc.property(pods({ overrides: false }), (raw) => {
          fc.pre(!hasOwnStatusPort(raw))
          const once = inject(decodePod(raw, 'default'), settings, 'istio')
          if (once === undefined) return
          const twice = inject(once, settings, 'istio')
          expect(twice && withSortedEnv(twice)).toEqual(withSortedEnv(once))
        }),
        { numRuns: RUNS },
      )
    })
  }
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
