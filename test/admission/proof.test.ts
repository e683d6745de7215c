// Who answered: a pod's nonce comes back, whether it is injected or not, and no other pod gets a warning.

import { describe, expect, it } from 'vitest'
import { admit } from '../../src/admission/admit.ts'
import { proofText, readProof } from '../../src/admission/proof.ts'
import { isObject, type Json } from '../../src/std/json.ts'
import { POD, reviewOf, snapshotOf } from './fixture.ts'

const SNAPSHOT = snapshotOf({ revisions: ['canary'], tags: { prod: 'canary' } })
const HASH = SNAPSHOT.revisions['canary']?.settings?.hash ?? ''

function warnings(annotations: Record<string, Json>, spec: object = {}, details = false): readonly string[] {
  const pod = {
    ...POD,
    metadata: { ...POD.metadata, annotations },
    spec: { ...(isObject(POD.spec) ? POD.spec : {}), ...spec },
  }
  const options = { compat: 'istio', structure: 'refuse', details } as const
  return admit(SNAPSHOT, reviewOf(pod), '/tags/prod/inject', options).response.response.warnings ?? []
}

describe('a pod that asks who answers', () => {
  const proof = { nonce: 'abcdef0123', revision: 'canary', hash: HASH }

  it('gets its nonce back, with the revision and its config', () => {
    expect(warnings({ 'remora.dev/proof': 'abcdef0123' }).map(readProof)).toEqual([proof])
  })

  it('gets it back, too, when it is not injected or is refused', () => {
    expect(warnings({ 'remora.dev/proof': 'abcdef0123' }, { hostNetwork: true }).map(readProof)).toEqual([
      proof,
    ])
    const refused = { 'remora.dev/proof': 'abcdef0123', 'status.sidecar.istio.io/port': 'x' }
    expect(warnings(refused).map(readProof)).toEqual([proof])
  })

  it('gets it before other warnings', () => {
    const all = warnings({ 'remora.dev/proof': 'abcdef0123', 'sidecar.istio.io/inject': 'maybe' }, {}, true)
    expect(readProof(all[0] ?? '')).toEqual(proof)
  })

  it.each(['', 'short', 'ABCDEF0123', 'a b c d e f', 'x'.repeat(65), 'line\nbreak0'])(
    'gets nothing for %j',
    (nonce) => {
      expect(warnings({ 'remora.dev/proof': nonce })).toEqual([])
    },
  )
})

it('a webhook that stands alone is not the one that adopts, and does not say that it is', () => {
  const pod = { ...POD, metadata: { ...POD.metadata, annotations: { 'remora.dev/proof': 'abcdef0123' } } }
  const options = { compat: 'istio', structure: 'refuse', proofs: false } as const
  const { response } = admit(SNAPSHOT, reviewOf(pod), '/tags/prod/inject', options).response
  expect(response).toMatchObject({ allowed: true })
  expect(response.warnings).toBeUndefined()
})

it('no other pod is told', () => {
  expect(warnings({})).toEqual([])
})

it('a warning of somebody else is no proof', () => {
  expect(readProof('remora: the pod is strange')).toBeUndefined()
  expect(readProof(`${proofText({ nonce: 'n', revision: 'r', hash: 'h' })} and more`)).toBeUndefined()
})
