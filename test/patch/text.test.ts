// The text of a patch is JSON.stringify's, whether its parts are remembered or not; so is what a merge is decoded to.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/patch/diff.ts'
import { POD } from '../../src/patch/schema.ts'
import { mergeStrategic } from '../../src/patch/strategic.ts'
import { jsonText } from '../../src/patch/text.ts'
import { decode, decodeChanged, rememberDecoded, textOfRemembered } from '../../src/patch/typed.ts'
import { deepFreeze, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { json, pod } from './arbitrary.ts'

describe('jsonText', () => {
  it('is that of JSON.stringify for any data', () => {
    const value = fc.oneof(
      json,
      fc.json({ stringUnit: 'binary' }).map((text) => JSON.parse(text) as Json),
    )
    fc.assert(
      fc.property(value, (data) => {
        const operations: Operation[] = [
          { op: 'add', path: '/a', value: data },
          { op: 'move', path: '/"~1\ud800', from: `/${JSON.stringify(data)}` },
          { op: 'remove', path: '' },
        ]
        expect(jsonText(operations)).toBe(JSON.stringify(operations))
        expect(jsonText(operations.slice(2))).toBe(JSON.stringify(operations.slice(2)))
      }),
    )
  })

  it('leaves out what is undefined', () => {
    const value = { a: undefined, b: [{ c: undefined }] } as unknown as Json
    expect(jsonText([{ op: 'add', path: '/a', value }])).toBe('[{"op":"add","path":"/a","value":{"b":[{}]}}]')
    expect(jsonText([])).toBe('[]')
  })

  it('is the same for remembered parts, the first time and later', () => {
    fc.assert(
      fc.property(pod, (data) => {
        const frozen = deepFreeze(data) as JsonObject
        const operations: Operation[] = [
          { op: 'add', path: '/a', value: frozen },
          { op: 'add', path: '/b', value: { spec: frozen['spec'] ?? null } },
        ]
        const before = JSON.stringify(operations)
        rememberDecoded(POD, frozen)
        for (let i = 0; i < 2; i++) expect(jsonText(operations)).toBe(before)
      }),
    )
  })
})

describe('decodeChanged', () => {
  /** A decoded result or the refusal. */
  function outcome(step: () => Json): unknown {
    try {
      return { value: step() }
    } catch (error) {
      return { refused: String(error) }
    }
  }

  it('gives what decode gives, for any merge, with parts remembered or not', () => {
    let merges = 0
    fc.assert(
      fc.property(pod, pod, fc.boolean(), (some, other, remembers) => {
        const clean = deepFreeze(decode(POD, some)) as JsonObject
        const overlay = deepFreeze(other) as JsonObject
        if (remembers) rememberDecoded(POD, overlay)
        let merged: JsonObject
        try {
          merged = mergeStrategic(clean, overlay, POD)
        } catch {
          return
        }
        merges++
        const want = outcome(() => decode(POD, merged))
        for (let i = 0; i < 2; i++) expect(outcome(() => decodeChanged(POD, merged, clean))).toEqual(want)
      }),
      { numRuns: 500 },
    )
    expect(merges).toBeGreaterThan(100)
  })

  it('returns the clean value itself where nothing changed', () => {
    const clean = decode(POD, { spec: { containers: [{ name: 'a' }] } })
    expect(decodeChanged(POD, clean, clean)).toBe(clean)
    expect(decodeChanged(POD, { ...(clean as JsonObject) }, clean)).toEqual(clean)
  })

  it('takes remembered parts for what they are of their own type only', () => {
    const part = deepFreeze({ name: 'a', image: 'i', value: 'v' })
    rememberDecoded(POD, deepFreeze({ spec: { containers: [part] } }))
    expect(textOfRemembered(part)).toBe(JSON.stringify(part))
    const merged = { spec: { containers: [{ name: 'c', env: [part] }, part] } }
    const got = decodeChanged(POD, merged as unknown as Json, decode(POD, {}))
    const [first, second] = (
      isObject(got) ? (got['spec'] as { containers: Json[] }).containers : []
    ) as Json[]
    expect(first).toMatchObject({ env: [{ name: 'a', value: 'v' }] })
    expect(second).toMatchObject({ name: 'a', image: 'i' })
    expect(second).not.toHaveProperty('value')
  })
})
