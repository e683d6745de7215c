// One request from body to answer: what is patched, skipped and refused, and what the answer says about it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AdmissionOutcome,
  type AdmitOptions,
  admit,
  admitInSteps,
  admitText,
} from '../../src/admission/admit.ts'
import { createFastPath } from '../../src/admission/fast-path.ts'
import { decodeReview } from '../../src/admission/review.ts'
import { decodePod } from '../../src/injection/inject.ts'
import { changeSnapshot, EMPTY_SNAPSHOT, type MeshSnapshot } from '../../src/mesh/snapshot.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { fromBase64 } from '../../src/std/base64.ts'
import { fromBytes } from '../../src/std/bytes.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { POD, reviewOf, snapshotOf, TEMPLATE } from './fixture.ts'

const OPTIONS: AdmitOptions = { compat: 'istio', structure: 'refuse' }
const SNAPSHOT = snapshotOf({ revisions: ['canary', 'broken'], tags: { prod: 'canary', gone: 'removed' } })

function answerTo(object: unknown, path = '/inject', options: Partial<AdmitOptions> = {}): AdmissionOutcome {
  return admit(SNAPSHOT, deepFreeze(reviewOf(object)), path, { ...OPTIONS, ...options })
}

function operationsOf(outcome: AdmissionOutcome): Operation[] {
  return JSON.parse(fromBase64(outcome.response.response.patch ?? '')) as Operation[]
}

function finalPod(object: unknown, outcome: AdmissionOutcome): Record<string, never> {
  return applyPatch(object as Json, operationsOf(outcome)) as never
}

const message = (outcome: AdmissionOutcome): string | undefined => outcome.response.response.status?.message

describe('admit', () => {
  it('answers with a patch that applies to the object as it was sent', () => {
    const outcome = answerTo(POD)
    expect(outcome).toMatchObject({
      outcome: 'patched',
      reason: 'policy-enabled',
      uid: 'u-1',
      namespace: 'ns',
      pod: 'p',
      revision: 'default',
      templates: ['sidecar'],
    })
    const { response } = outcome.response
    expect(Object.keys(response)).toEqual(['uid', 'allowed', 'patch', 'patchType'])
    expect(outcome.response.kind).toBe('AdmissionReview')
    const { spec } = finalPod(POD, outcome) as unknown as { spec: { containers: { name: string }[] } }
    expect(spec.containers.map(({ name }) => name)).toContain('istio-proxy')
  })

  it('never mentions managedFields or the namespace, and keeps what Go does not know', () => {
    const object = {
      ...POD,
      metadata: {
        ...POD.metadata,
        managedFields: [{ manager: 'm', fieldsV1: { 'f:a': {} } }],
        newField: { a: 1 },
      },
      spec: { ...POD.spec, future: ['x'] },
    }
    const outcome = answerTo(object)
    const paths = operationsOf(outcome).map(({ path }) => path)
    expect(paths.filter((path) => /managedFields|namespace|newField|future/.test(path))).toEqual([])
    expect(finalPod(object, outcome)).toMatchObject({
      metadata: { managedFields: object.metadata.managedFields, newField: { a: 1 } },
      spec: { future: ['x'] },
    })
  })

  it('treats names that JavaScript has a meaning for as data', () => {
    const object = JSON.parse(
      '{"metadata":{"labels":{"__proto__":"a","constructor":"b","toString":"c"}},"spec":{"containers":[{"name":"__proto__","env":[{"name":"constructor","value":"v"}]}]}}',
    ) as object
    const outcome = answerTo(object)
    expect(outcome.outcome).toBe('patched')
    const pod = finalPod(object, outcome) as unknown as {
      metadata: { labels: object }
      spec: { containers: object[] }
    }
    expect(Object.keys(pod.metadata.labels)).toEqual(
      expect.arrayContaining(['__proto__', 'constructor', 'toString']),
    )
    expect(pod.spec.containers).toHaveLength(2)
  })

  it('finds the revision by path, tag and default', () => {
    const revision = (path: string): string => answerTo(POD, path).revision
    expect(revision('/inject/cluster/c1')).toBe('default')
    expect(revision('/revisions/canary/inject')).toBe('canary')
    expect(revision('/tags/prod/inject/')).toBe('canary')
  })

  const refusals: [path: string, reason: string, message: string][] = [
    ['/revisions/none/inject', 'unknown-revision', 'known revisions: broken, canary, default'],
    ['/revisions/__proto__/inject', 'unknown-revision', 'revision "__proto__" does not exist'],
    ['/tags/constructor/inject', 'unknown-revision', 'known tags: gone, prod'],
    ['/tags/gone/inject', 'unknown-revision', 'revision "removed" of tag "gone" does not exist'],
    ['/revisions/broken/inject', 'invalid-config', 'revision "broken" has no usable configuration'],
    ['/other', 'not-found', 'path "/other" is no injection path'],
  ]
  for (const [path, reason, text] of refusals) {
    it(`refuses ${path}, and names no revision that a caller made up`, () => {
      const outcome = answerTo(POD, path)
      expect([outcome.outcome, outcome.reason, outcome.revision]).toEqual(['refused', reason, 'unknown'])
      expect(message(outcome)).toContain(text)
      expect(outcome.response.response).toMatchObject({ uid: 'u-1', allowed: false })
    })
  }

  it('skips every pod of a cluster without revisions, once it was looked at', () => {
    const ask = (snapshot: MeshSnapshot) => admit(snapshot, reviewOf(POD), '/inject', OPTIONS)
    const empty = changeSnapshot(EMPTY_SNAPSHOT, { tags: {} })
    expect([ask(empty).outcome, ask(empty).reason]).toEqual(['skipped', 'no-revision'])
    expect(ask(empty).response.response).toEqual({ uid: 'u-1', allowed: true })
    expect(ask(EMPTY_SNAPSHOT).outcome).toBe('refused')
  })

  it('skips what the decision skips', () => {
    const outcome = answerTo({ ...POD, spec: { ...POD.spec, hostNetwork: true } })
    expect([outcome.outcome, outcome.reason]).toEqual(['skipped', 'host-network'])
    expect(outcome.response.response).toEqual({ uid: 'u-1', allowed: true })
  })

  it('takes the namespace of the request where the pod names none', () => {
    const inSystem = admit(SNAPSHOT, reviewOf(POD, { namespace: 'kube-system' }), '/inject', OPTIONS)
    expect(inSystem.reason).toBe('ignored-namespace')
    const pod = { ...POD, metadata: { ...POD.metadata, namespace: 'mine' } }
    const named = admit(SNAPSHOT, reviewOf(pod, { namespace: 'kube-system' }), '/inject', OPTIONS)
    expect([named.outcome, named.namespace]).toEqual(['patched', 'mine'])
  })

  it('refuses an object that is no pod in the words of Go', () => {
    expect(message(answerTo(undefined))).toBe('unexpected end of JSON input')
    expect(message(answerTo('x'))).toBe('json: cannot unmarshal string into Go value of type v1.Pod')
    expect(message(answerTo({ spec: { containers: 5 } }))).toBe(
      'json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type []v1.Container',
    )
    expect(answerTo({ spec: 5 }).reason).toBe('invalid-object')
  })

  it('refuses when a template fails, and when it runs past the deadline', () => {
    const failing = admit(snapshotOf({ template: '{{ fail "no" }}' }), reviewOf(POD), '/inject', OPTIONS)
    expect([failing.outcome, message(failing)]).toEqual([
      'refused',
      expect.stringContaining('failed to run injection template'),
    ])
    let time = 0
    const deadline = { now: () => time++, at: 5 }
    const endless = snapshotOf({ template: '{{ range until 100000 }}{{ . }}{{ end }}' })
    const late = admit(endless, reviewOf(POD), '/inject', { ...OPTIONS, deadline })
    expect([late.outcome, message(late)]).toEqual([
      'refused',
      expect.stringContaining('takes longer than the time limit'),
    ])
  })

  it('tells revision, reason and hash, and what to mend, only when asked', () => {
    const object = { ...POD, metadata: { labels: { 'sidecar.istio.io/inject': 'maybe' } } }
    expect(answerTo(object).response.response).not.toHaveProperty('auditAnnotations')
    const { auditAnnotations, warnings } = answerTo(object, '/inject', { details: true }).response.response
    expect(auditAnnotations).toEqual({
      revision: 'default',
      reason: 'policy-enabled',
      'config-hash': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(warnings).toEqual([expect.stringMatching(/^remora: label sidecar.istio.io\/inject is "maybe"/)])
  })

  it('answers any JSON at all with the uid it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.webUrl({ withFragments: false }), (object, url) => {
        const outcome = answerTo(object, new URL(url).pathname.replace(/^\//, '/inject/'))
        expect(outcome.response.response.uid).toBe('u-1')
        expect(outcome.reason).not.toBe('defect')
      }),
      { numRuns: runs(50) },
    )
  })
})

/** The labels that injection sees in the pod of a review's text. */
function decodedLabels(text: string): unknown {
  const decoded = decodeReview(text)
  return decoded.ok && decodePod(decoded.request.object ?? null, '').metadata.labels
}

describe('admitText', () => {
  it('gives the same answer as the parsed review', () => {
    const review = reviewOf(POD)
    expect(admitText(SNAPSHOT, JSON.stringify(review), '/inject', OPTIONS).response).toEqual(
      admit(SNAPSHOT, review, '/inject', OPTIONS).response,
    )
  })

  it('quotes a number that does not fit as it was written', () => {
    for (const number of ['1.50', '80.0', '1e3', ' 80.0', '9223372036854775808', '2147483648']) {
      const object = `{"spec":{"containers":[{"name":"a","ports":[{"containerPort":${number}}]}]}}`
      const text = JSON.stringify(reviewOf('OBJECT')).replace('"OBJECT"', object)
      expect(message(admitText(SNAPSHOT, text, '/inject', OPTIONS))).toBe(
        `json: cannot unmarshal number ${number.trim()} into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
      )
    }
  })

  it('tells spellings of numbers in lists and quantities apart, and patches the numbers of the request', () => {
    const groups = '{"spec":{"securityContext":{"supplementalGroups":[1.0]},"containers":[{"name":"a"}]}}'
    const listed = JSON.stringify(reviewOf('OBJECT')).replace('"OBJECT"', groups)
    expect(message(admitText(SNAPSHOT, listed, '/inject', OPTIONS))).toContain(
      'number 1.0 into Go struct field',
    )
    const limits = '{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":1.0,"memory":1e9}}}]}}'
    const text = JSON.stringify(reviewOf('OBJECT')).replace('"OBJECT"', limits)
    const { operations = [], outcome } = admitText(SNAPSHOT, text, '/inject', OPTIONS)
    expect(outcome).toBe('patched')
    expect(applyPatch(JSON.parse(limits) as Json, operations)).toMatchObject({
      spec: {
        containers: expect.arrayContaining([{ name: 'a', resources: { limits: { cpu: 1, memory: 1e9 } } }]),
      },
    })
  })

  it('takes each byte outside UTF-8 and each half of a pair for U+FFFD, keys and escapes included', () => {
    const bytes = Buffer.concat([
      Buffer.from('\\ud83d'),
      Buffer.from([0x80, 0xe2, 0x82]),
      Buffer.from('\\udc00x'),
    ])
    const label = `"k${fromBytes(Buffer.from([0xff]))}":"${fromBytes(bytes)}"`
    const object = `{"metadata":{"labels":{${label}}},"spec":{"containers":[{"name":"a"}]}}`
    const text = JSON.stringify(reviewOf('OBJECT')).replace('"OBJECT"', object)
    const outcome = admitText(SNAPSHOT, text, '/inject', OPTIONS)
    expect(outcome.outcome).toBe('patched')
    expect(decodedLabels(text)).toEqual({ 'k\ufffd': '\ufffd\ufffd\ufffd\ufffd\ufffdx' })
  })

  it('refuses a pod to be injected that nests too deeply, and passes over one that is not', () => {
    const asked = (label: string): AdmissionOutcome => {
      const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
      const object = { ...POD, metadata: { labels: { 'sidecar.istio.io/inject': label } }, odd: 'DEEP' }
      return admitText(SNAPSHOT, JSON.stringify(reviewOf(object)).replace('"DEEP"', deep), '/inject', OPTIONS)
    }
    expect(asked('true')).toMatchObject({ outcome: 'refused', reason: 'invalid-object', uid: 'u-1' })
    expect(message(asked('true'))).toBe('the object is nested deeper than 200 levels')
    expect(asked('false')).toMatchObject({ outcome: 'skipped', reason: 'label-false' })
  })

  it('answers a body that is no review without uid, kind and revision', () => {
    const outcome = admitText(SNAPSHOT, '{"a":1}', '/inject', OPTIONS)
    expect(outcome).toMatchObject({
      outcome: 'refused',
      reason: 'invalid-review',
      uid: '',
      revision: 'unknown',
    })
    expect(Object.keys(outcome.response)).toEqual(['response'])
  })
})

describe('admitInSteps', () => {
  it('answers those that take their steps side by side as if each were alone', () => {
    const printing = TEMPLATE.replace(
      'proxy:1',
      '{{ annotation .ObjectMeta `sidecar.istio.io/proxyImage` "proxy:1" }}',
    )
    const snapshot = snapshotOf({ template: printing })
    const results: string[] = []
    const memory = createFastPath({
      now: () => 0,
      verify: 0,
      random: () => 0,
      count: (result) => results.push(result),
      onMismatch: () => undefined,
    })
    const annotated = (annotations: Json): Json => ({ ...POD, metadata: { ...POD.metadata, annotations } })
    const stepsTaken = new Set<number>()
    for (let i = 0; i < 6; i++) {
      const named = { ...POD, metadata: { ...POD.metadata, name: `p-${i}`, labels: { app: `app-${i}` } } }
      const texts = [
        ...[
          named,
          annotated({ 'sidecar.istio.io/inject': 'false' }),
          named,
          annotated({ 'sidecar.istio.io/proxyImage': `proxy:${i}` }),
          annotated({ 'sidecar.istio.io/proxyImage': 'a\nb: c' }),
          annotated({ 'status.sidecar.istio.io/port': 'none' }),
        ].map((object) => JSON.stringify(reviewOf(object))),
        '{',
      ]
      const going = texts.map((text) => admitInSteps(snapshot, text, '/inject', { ...OPTIONS, ...memory }))
      const outcomes: AdmissionOutcome[] = []
      for (let step = 1; outcomes.filter(Boolean).length < going.length; step++) {
        for (const [at, steps] of going.entries()) {
          const { done, value } = steps.next()
          if (done !== true || value === undefined) continue
          outcomes[at] = value
          stepsTaken.add(step)
        }
      }
      const alone = texts.map((text) => admitText(snapshot, text, '/inject', OPTIONS))
      expect(outcomes.map(({ response }) => response)).toEqual(alone.map(({ response }) => response))
      expect(outcomes.map(({ outcome }) => outcome).join(' ')).toBe(
        'patched skipped patched patched refused refused refused',
      )
    }
    expect(new Set(results)).toEqual(new Set(['fallback', 'build', 'hit']))
    expect(stepsTaken).toEqual(new Set([2, 3, 6]))
  })
})
