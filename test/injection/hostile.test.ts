// The built-in templates against odd values in every annotation, label and other place of a pod that reaches them.
// The same with Istio's own templates: test/reference/structure.ts.

import { describe, expect, it } from 'vitest'
import { builtinTemplates } from '../../src/config/builtin.ts'
import { HOSTILE, slotsOf } from '../generate/hostile.ts'
import { harmless, misbehaviour } from './guarded.ts'
import { makeRevision, revisionWith } from './settings.ts'

const SHARE = Number(process.env['REMORA_SHARE'] ?? 16)

describe('odd values in built-in templates', () => {
  const settings = makeRevision()
  for (const [name, text] of Object.entries(builtinTemplates())) {
    it(`change only what they are meant for, or are refused by name: ${name}`, () => {
      const found: string[] = []
      let tried = 0
      for (const [index, slot] of slotsOf(text).entries()) {
        const usual = harmless(slot, settings, name)
        if (usual === undefined || !usual.matters) continue
        for (const value of HOSTILE.filter((_, i) => (i + index) % SHARE === 0)) {
          tried++
          const detail = misbehaviour(value, slot, usual, settings, name)
          if (detail !== undefined)
            found.push(`${slot.title} = ${JSON.stringify(value.slice(0, 60))}: ${detail}`)
        }
      }
      expect(found).toEqual([])
      expect(tried).toBeGreaterThan(50)
    })
  }
})

describe('the judge of odd values', () => {
  const ANNOTATION = 'example.com/value'
  const template = `spec:\n  containers:\n  - name: istio-proxy\n    image: {{ index .ObjectMeta.Annotations "${ANNOTATION}" }}\n`
  const settings = revisionWith({ raw: template })
  const [slot] = slotsOf(template)

  it('sees a value that brings a field, were it not refused', () => {
    if (slot === undefined) throw new Error('no place found in the template')
    const usual = harmless(slot, settings, 'raw')
    if (usual === undefined) throw new Error('the plain pod is refused')
    const value = 'a\n    stdin: true'
    expect(misbehaviour(value, slot, usual, settings, 'raw')).toBeUndefined()
    expect(misbehaviour(value, slot, usual, settings, 'raw', 'istio')).toMatch(
      /^structure changes: \+\/containers\/1\/stdin boolean/,
    )
  })
})
