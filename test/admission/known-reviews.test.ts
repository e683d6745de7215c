// Reviews of a known form decode as they do by themselves, and what their pods have in common is decoded once.

import { describe, expect, it } from 'vitest'
import { createFastPath } from '../../src/admission/fast-path.ts'
import { createKnownReviews } from '../../src/admission/known-reviews.ts'
import { type Decoded, decodeReview } from '../../src/admission/review.ts'
import { decodePod } from '../../src/injection/inject.ts'
import type { Forms } from '../../src/std/forms/forms.ts'
import type { JsonObject } from '../../src/std/json.ts'

const CONTAINER = { name: 'app', image: 'app:1', ports: [{ containerPort: 80, protocol: 'TCP' }] }

/** The text of a review of a pod whose name is `word`. */
function reviewOf(word: string, spec: JsonObject = {}, more: JsonObject = {}): string {
  const metadata = { name: word, labels: { app: 'web', note: 'n'.repeat(200) } }
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: `u-${word}`,
      namespace: 'default',
      object: { metadata, spec: { containers: [CONTAINER], ...spec } },
      ...more,
    },
  })
}

/** What `known` makes of `text`, which is what is made without it; whether its form was known. */
function decoded(known: Forms, text: string): { isShared: boolean; decoded: Decoded } {
  const made = decodeReview(text, known)
  const { isShared = false, ...request } = made.ok ? made.request : {}
  expect(made.ok ? { ...made, request } : made).toEqual(decodeReview(text))
  return { isShared, decoded: made }
}

describe('a review of a known form', () => {
  it('is what it is by itself, from the third one on with parts of those before', () => {
    const known = createKnownReviews()
    const seen = ['a', 'b', 'c', 'd'].map((word) => decoded(known, reviewOf(word)))
    expect(seen.map(({ isShared }) => isShared)).toEqual([false, false, true, true])
    const [, , third, fourth] = seen.map(({ decoded: made }) => {
      if (!made.ok || made.request.object === undefined) throw new Error('no pod')
      return decodePod(made.request.object, 'default', 'given', made.request.isShared)
    })
    expect(third?.metadata.name).toBe('c')
    expect(fourth?.metadata.name).toBe('d')
    expect(third?.spec.containers).toBe(fourth?.spec.containers)
    expect(fourth).toEqual(decodePod(JSON.parse(reviewOf('d')).request.object, 'default'))
  })

  it('is refused as it is by itself', () => {
    const known = createKnownReviews()
    const version = (name: string): string => reviewOf('a').replace('/v1"', `/${name}"`)
    for (const name of ['v1', 'v1beta1']) decoded(known, version(name))
    expect(known.read(version('v2'))).toBeDefined()
    expect(decoded(known, version('v2')).decoded).toMatchObject({
      ok: false,
      message: expect.stringContaining('admission.k8s.io/v2'),
    })
  })
})

describe('reviews that are decoded by themselves', () => {
  const never: [string, (word: string) => string][] = [
    ['a number is spelled oddly', (word) => reviewOf(word).replace(':80,', ':80.0,')],
    [
      'a number in a list may be one that is spelled oddly under another key',
      (word) => reviewOf(word, { securityContext: { [`groups-${word}`]: [1] } }).replace('[1]', '[1.0]'),
    ],
    ['they are refused', (word) => reviewOf(word, {}, { dryRun: 'no' })],
    ['they are YAML', (word) => `# YAML\n${reviewOf(word)}`],
  ]

  for (const [why, text] of never) {
    it(`because ${why}`, () => {
      const known = createKnownReviews()
      for (const word of ['a', 'b', 'c', 'd']) expect(decoded(known, text(word)).isShared).toBe(false)
    })
  }
})

it('a review that is verified and is another is counted, told of, and decoded by itself', () => {
  const seen: string[] = []
  const { knownReviews } = createFastPath({
    now: () => 0,
    verify: 1,
    random: () => 0.5,
    count: (result) => seen.push(result),
    onMismatch: (what) => seen.push(what),
  })
  for (const word of ['a', 'b']) {
    knownReviews.learn(reviewOf(word), JSON.parse(reviewOf(word).replace('app:1', 'app:2')))
  }
  expect(decoded(knownReviews, reviewOf('c')).isShared).toBe(false)
  expect(seen).toEqual(['mismatch', 'review'])
})
