// Request bodies as Istio's decoder reads them, and answers in its exact shape.

import { describe, expect, it, vi } from 'vitest'
import { encodeReview, patched, refused, skipped, undecoded } from '../../src/admission/respond.ts'
import { decodeParsedReview, decodeReview } from '../../src/admission/review.ts'

const V1 = 'admission.k8s.io/v1'
const review = (request: unknown, more: object = {}): string =>
  JSON.stringify({ kind: 'AdmissionReview', apiVersion: V1, request, ...more })
const message = (text: string): string | undefined => {
  const decoded = decodeReview(text)
  return decoded.ok ? undefined : decoded.message
}

describe('decodeReview', () => {
  it('reads uid, namespace and object, and passes over everything else', () => {
    const text = review({ uid: 'u', namespace: 'n', object: { a: 1 }, oldObject: 5, dryRun: true, more: {} })
    expect(decodeReview(text)).toEqual({
      ok: true,
      meta: { kind: 'AdmissionReview', apiVersion: V1 },
      request: { uid: 'u', namespace: 'n', object: { a: 1 } },
    })
  })

  it('reads v1beta1, YAML, and white space that Go knows', () => {
    expect(decodeReview(review({}).replace('/v1"', '/v1beta1"')).ok).toBe(true)
    expect(decodeReview(`kind: AdmissionReview\napiVersion: ${V1}\nrequest: {uid: u-1}\n`)).toMatchObject({
      ok: true,
      request: { uid: 'u-1' },
    })
    expect(decodeReview(` \n\t${review({ uid: 'u' })}\n`).ok).toBe(true)
  })

  it('takes kind and apiVersion in any case to find the type, but copies only exact names', () => {
    const text = `{"KIND":"AdmissionReview","ApiVersion":"${V1}","request":{"uid":"u"},"Request":{"uid":"w"}}`
    expect(decodeReview(text)).toMatchObject({
      ok: true,
      meta: { kind: '', apiVersion: '' },
      request: { uid: 'u' },
    })
  })

  it('keeps keys that JavaScript has a meaning for', () => {
    const text = review({ uid: 'u', object: {} }).replace('{}', '{"__proto__":{"x":1},"constructor":2}')
    const decoded = decodeReview(text)
    if (!decoded.ok) throw new Error(decoded.message)
    expect(Object.keys(decoded.request.object as object)).toEqual(['__proto__', 'constructor'])
  })

  const SCHEME = 'in scheme "pkg/runtime/scheme.go:111"'
  const refusals: [name: string, body: string, message: string][] = [
    ['a kind is missing', '{"x":"<"}', `Object 'Kind' is missing in '{"x":"<"}'`],
    ['an apiVersion is missing', '{"kind":"A"}', `Object 'apiVersion' is missing in '{"kind":"A"}'`],
    [
      'the apiVersion is a slash',
      '{"kind":"A","apiVersion":"/"}',
      `Object 'apiVersion' is missing in '{"kind":"A","apiVersion":"/"}'`,
    ],
    ['the body is empty YAML', '# nothing', "Object 'Kind' is missing in '# nothing'"],
    [
      'the kind is unknown',
      '{"kind":"X","apiVersion":"v1"}',
      `no kind "X" is registered for version "v1" ${SCHEME}`,
    ],
    [
      'the version is unknown',
      review({}).replace('/v1"', '/v2"'),
      `no kind "AdmissionReview" is registered for version "admission.k8s.io/v2" ${SCHEME}`,
    ],
    [
      'the kind quotes',
      '{"kind":"a\\"b\\u0001","apiVersion":"v1"}',
      `no kind "a\\"b\\x01" is registered for version "v1" ${SCHEME}`,
    ],
    [
      'the version is internal',
      '{"kind":"Pod","apiVersion":"__internal"}',
      `no kind "Pod" is registered for the internal version of group "" ${SCHEME}`,
    ],
    [
      'the version has two slashes',
      '{"kind":"A","apiVersion":"a/b/c"}',
      'unexpected GroupVersion string: a/b/c',
    ],
    [
      'the kind is another that is known',
      '{"kind":"Secret","apiVersion":"v1"}',
      'unsupported type :&TypeMeta{Kind:Secret,APIVersion:v1,}',
    ],
    [
      'the kind is known in every version',
      '{"kind":"Status","apiVersion":"x/y"}',
      'unsupported type :&TypeMeta{Kind:Status,APIVersion:x/y,}',
    ],
    [
      'the kind is no text',
      '{"kind":{}}',
      "couldn't get version/kind; json parse error: json: cannot unmarshal object into Go struct field .kind of type string",
    ],
    [
      'the body breaks off',
      '{"kind"',
      "couldn't get version/kind; json parse error: unexpected end of JSON input",
    ],
    [
      'it has no request',
      `{"kind":"AdmissionReview","apiVersion":"${V1}"}`,
      'the AdmissionReview has no request',
    ],
    [
      'the request is a list',
      review([]),
      'json: cannot unmarshal array into Go struct field AdmissionReview.request of type v1.AdmissionRequest',
    ],
    [
      'the uid is a number',
      review({ uid: 1 }),
      'json: cannot unmarshal number into Go struct field AdmissionRequest.request.uid of type types.UID',
    ],
    [
      'the resource is a text',
      review({ requestResource: 'pods' }),
      'json: cannot unmarshal string into Go struct field AdmissionRequest.request.requestResource of type v1.GroupVersionResource',
    ],
    [
      'dryRun is a text',
      review({ dryRun: 'no' }),
      'json: cannot unmarshal string into Go struct field AdmissionRequest.request.dryRun of type bool',
    ],
    [
      'a group of the user is a number',
      review({ userInfo: { groups: ['a', 1] } }),
      'json: cannot unmarshal number into Go struct field UserInfo.request.userInfo.groups of type string',
    ],
    [
      'an extra is a text',
      review({ userInfo: { extra: { a: 'b' } } }),
      'json: cannot unmarshal string into Go struct field UserInfo.request.userInfo.extra of type v1.ExtraValue',
    ],
    [
      'several fields are wrong, the first of the text',
      review({ operation: 1, uid: 2 }),
      'json: cannot unmarshal number into Go struct field AdmissionRequest.request.operation of type v1.Operation',
    ],
    [
      'v1beta1 is named',
      review('x').replace('/v1"', '/v1beta1"'),
      'json: cannot unmarshal string into Go struct field AdmissionReview.request of type v1beta1.AdmissionRequest',
    ],
    [
      'it nests more than Go takes',
      '{"a":'.repeat(10_001),
      "couldn't get version/kind; json parse error: exceeded max depth",
    ],
    ['a byte is no UTF-8', 'a: \udcff', 'yaml: invalid leading UTF-8 octet'],
    ['a rune breaks off', 'a: \udce2xyz', 'yaml: invalid trailing UTF-8 octet'],
    ['a rune is cut', 'a: \udce2', 'yaml: incomplete UTF-8 octet sequence'],
    ['YAML nests too deeply', '['.repeat(100_000), expect.stringMatching(/./) as unknown as string],
  ]
  for (const [name, body, want] of refusals) {
    it(`refuses in Istio's words when ${name}`, () => expect(message(body)).toEqual(want))
  }

  it('does not even parse a long text that nests without end', () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      const deep = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`
      expect(message(deep)).toBe("couldn't get version/kind; json parse error: exceeded max depth")
      expect(parse).not.toHaveBeenCalled()
    } finally {
      parse.mockRestore()
    }
  })

  it('takes nesting as far as Go does', () => {
    const nested = (levels: number): string =>
      review({ uid: 'u' }).replace('"uid"', `"x":${'['.repeat(levels)}${']'.repeat(levels)},"uid"`)
    expect(decodeReview(nested(9998)).ok).toBe(true)
    expect(message(nested(9999))).toBe("couldn't get version/kind; json parse error: exceeded max depth")
  })

  it('knows that an object is shallow by the brackets of its long JSON text, and by nothing else', () => {
    const isShallow = (text: string): boolean | undefined => {
      const decoded = decodeReview(text)
      return decoded.ok ? decoded.request.isShallow : undefined
    }
    const list = (lists: number, note = 'n'.repeat(20_000)): string =>
      review({ object: { note, list: Array.from({ length: lists }, () => []) } })
    // The review, its request, the object and its list are brackets, too.
    expect(isShallow(list(196))).toBe(true)
    expect(isShallow(list(197))).toBe(undefined)
    expect(isShallow(list(0, ''))).toBe(undefined)
    const yaml = `kind: AdmissionReview\napiVersion: ${V1}\nrequest: {object: {}}\n# ${'n'.repeat(20_000)}\n`
    expect(isShallow(yaml)).toBe(undefined)
  })

  it('does not look for odd numbers in an object that nests too deeply, and gives back the uid', () => {
    const deep = `{"x":${'['.repeat(9000)}1.0${']'.repeat(9000)},"y":1.0}`
    const text = `{"kind":"AdmissionReview","apiVersion":"${V1}","request":{"uid":"u","object":${deep}}}`
    expect(decodeReview(text)).toEqual({
      ok: false,
      meta: { kind: 'AdmissionReview', apiVersion: V1 },
      uid: 'u',
      message: 'the object is nested deeper than 200 levels',
    })
  })

  it('reads parsed data as it reads text', () => {
    for (const text of [review({ uid: 'u' }), '{"x":1}', '[]', 'null', '5', review('x')]) {
      expect(decodeParsedReview(JSON.parse(text))).toEqual(decodeReview(text))
    }
  })
})

describe('responses', () => {
  const meta = { kind: 'AdmissionReview', apiVersion: V1 }
  const head = `{"kind":"AdmissionReview","apiVersion":"${V1}","response":`

  it('have exactly the keys of Istio, in its order', () => {
    expect(encodeReview(skipped(meta, 'u')).text).toBe(`${head}{"uid":"u","allowed":true}}`)
    expect(encodeReview(patched(meta, 'u', 'W10=')).text).toBe(
      `${head}{"uid":"u","allowed":true,"patch":"W10=","patchType":"JSONPatch"}}`,
    )
    expect(encodeReview(refused(meta, 'u', 'no')).text).toBe(
      `${head}{"uid":"u","allowed":false,"status":{"metadata":{},"message":"no"}}}`,
    )
    expect(encodeReview(undecoded('no')).text).toBe(
      '{"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"no"}}}',
    )
  })

  it('leave out what the request did not say, and empty messages', () => {
    expect(encodeReview(refused({ kind: '', apiVersion: '' }, '', '')).text).toBe(
      '{"response":{"uid":"","allowed":false,"status":{"metadata":{}}}}',
    )
  })

  it('escape as Go does', () => {
    expect(encodeReview(skipped(meta, '<&>\u2028"\u00fc')).text).toBe(
      `${head}{"uid":"\\u003c\\u0026\\u003e\\u2028\\"\u00fc","allowed":true}}`,
    )
  })

  it('tell how long they are in bytes', () => {
    const details = { auditAnnotations: { reason: '\u00fc\u20ac' }, warnings: ['\u{1f600}\ud800'] }
    const all = [
      patched(meta, '\u00fc', 'W10=', details),
      skipped(meta, '\u20ac'),
      refused(meta, 'u', '\u{1f600}'),
    ]
    for (const { text, bytes } of all.map(encodeReview)) expect(bytes).toBe(Buffer.byteLength(text))
  })

  it('carry details last, and only when there are any', () => {
    const details = { auditAnnotations: { revision: 'default' }, warnings: ['mind this'] }
    expect(encodeReview(skipped(meta, 'u', details)).text).toBe(
      `${head}{"uid":"u","allowed":true,"auditAnnotations":{"revision":"default"},"warnings":["mind this"]}}`,
    )
    expect(skipped(meta, 'u', { auditAnnotations: {}, warnings: [] })).toEqual(skipped(meta, 'u'))
  })
})
