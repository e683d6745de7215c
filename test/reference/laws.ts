// Laws of injecting twice on the pods of the reference data: `node test/reference/laws.ts [--all] DIR`. All golden cases
// of all releases and a spread sample of the differential requests, each with some of the additions that another webhook
// makes in between; with --all every request and every addition. Under compat improved injecting again changes nothing,
// and what was added may as well have been added before; under compat istio the same but for the rules of
// ../injection/istio-again.ts. The way back: uninject(inject(x)) is x, under both, and what Istio injected becomes the
// same pod again when it is taken out and put in. Last line `N passed, N failed`.

import { basename, join } from 'node:path'
import type { Pod } from '../../src/api/kube.ts'
import { ANNOTATION } from '../../src/api/names.ts'
import { injectPod } from '../../src/injection/inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { deepFreeze, equalJson, type Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { type Addition, FIXED, MOVING, withoutAnnotation } from '../generate/addition.ts'
import { bringsInjected, broughtNames, hasTwins, untouchedAgain } from '../injection/istio-again.ts'
import { jsonDiff } from './compare.ts'
import { istioAndBack, placesOfRequests, wayBack } from './laws-back.ts'
import type { FileReport, Outcome } from './outcome.ts'
import { corporaIn, isMarked, placesOfCases, podsOfCases, podsOfRequests, type Subject } from './subjects.ts'
import { startSuite } from './suite.ts'

type Compat = 'istio' | 'improved'

/** Injects the frozen pod; undefined when it is refused. */
function inject(subject: Subject, pod: Pod, compat: Compat): Pod | undefined {
  try {
    return injectPod({ ...subject, pod: deepFreeze(pod), mode: 'webhook', compat, structure: 'refuse' }).pod
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** What another webhook may do between the injection of `pod` to `once` and a second one. */
function additionsFor(pod: Pod, once: Pod, compat: Compat): Addition[] {
  if (isMarked(pod) || hasTwins(pod, once)) return []
  const moving = bringsInjected(pod) ? [] : MOVING
  // What an annotation led to in an injected container stays there under compat istio (contract §7.2).
  const removed = compat === 'istio' ? [] : lastingAnnotations(pod, once)
  return [...FIXED, ...moving, ...removed.map(withoutAnnotation)]
}

/** Istio knows nothing of its first injection where settings write an annotation of their own over its status. */
const hidesStatus = ({ config }: RevisionSettings): boolean =>
  Object.hasOwn(config.injectedAnnotations, ANNOTATION.status)

/** The pod's annotations that are there after the injection as well: others cannot be removed then. */
function lastingAnnotations(pod: Pod, once: Pod): string[] {
  const names = Object.keys(pod.metadata.annotations ?? {})
  return names.filter((name) => once.metadata.annotations?.[name] !== undefined)
}

/** Which of a list: all of them, or some by turns. */
type Choice = <T>(list: readonly T[]) => readonly T[]

function lawsOf(subject: Subject, compat: Compat, choice: Choice): Outcome[] {
  const { pod, id, settings } = subject
  const once = inject(subject, pod, compat)
  if (once === undefined) return []
  if (compat === 'istio' && (isMarked(pod) || hasTwins(pod, once) || hidesStatus(settings))) return []
  const { statusPort = 0 } = settings.mesh['defaultConfig'] as { statusPort?: number }
  const compared = (made: Pod, of: Pod, added: boolean): Pod =>
    compat === 'improved' ? made : untouchedAgain(made, { incoming: of, once, added, statusPort })
  const law = (name: string, want: Pod, got: Pod | undefined, of: Pod, added: boolean): Outcome =>
    outcome(`${id} ${compat}: ${name}`, compared(want, of, added), got && compared(got, of, added))

  const outcomes = [law('again', once, inject(subject, once, compat), pod, false)]
  const injected = broughtNames(once, pod)
  for (const { name, apply } of choice(additionsFor(pod, once, compat))) {
    const add = (to: Pod): Pod => decode(POD, apply(to, injected) as unknown as Json) as unknown as Pod
    const want = inject(subject, add(pod), compat)
    if (want !== undefined) outcomes.push(law(name, want, inject(subject, add(once), compat), add(pod), true))
  }
  return outcomes
}

function outcome(id: string, want: Pod, got: Pod | undefined): Outcome {
  if (got === undefined) return { id, ok: false, detail: 'the second injection is refused' }
  const [left, right] = [want, got] as unknown as [Json, Json]
  return equalJson(left, right) ? { id, ok: true } : { id, ok: false, detail: jsonDiff(left, right) }
}

/** Of the requests, one in so many is run in a short run. */
const SPREAD = 32

/** Of the additions, each pod gets one in so many in a short run. */
const TURNS = 9

function run(reference: string, all: boolean): FileReport[] {
  const corpora = corporaIn(reference).flatMap((dir) => {
    const subjects = podsOfCases(dir)
    return [
      { file: basename(dir), outcomes: twice(subjects, all) },
      {
        file: `${basename(dir)}, the way back`,
        outcomes: [...placesOfCases(dir).flatMap(wayBack), ...subjects.flatMap(istioAndBack)],
      },
    ]
  })
  const share = all ? { part: 0, of: 1 } : { part: 7, of: SPREAD }
  const requests = podsOfRequests(join(reference, 'differential'), share)
  return [
    ...corpora,
    { file: 'differential', outcomes: twice(requests, all) },
    { file: 'differential, the way back', outcomes: placesOfRequests(requests).flatMap(wayBack) },
  ]
}

function twice(subjects: readonly Subject[], all: boolean): Outcome[] {
  return subjects.flatMap((subject, index) => {
    const choice: Choice = (list) => (all ? list : list.filter((_, i) => i % TURNS === index % TURNS))
    return [...lawsOf(subject, 'improved', choice), ...lawsOf(subject, 'istio', choice)]
  })
}

startSuite(import.meta.filename, run)
