// Spans say which part of a template wrote which part of its output.

import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../../src/gotemplate/template.ts'

const SOURCE =
  'a: {{ .A }}\n{{- range .L }}\n- {{ . }}\n{{- end }}\n{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .A }}'

describe('spans', () => {
  const template = parseTemplate('x', SOURCE, new Map())
  const { text, spans = [] } = template.execute({ A: 'one', L: ['p', 'q'] }, { spans: true })

  it('cover the output without gaps, in its order', () => {
    let at = 0
    for (const span of spans) {
      expect(span.start).toBe(at)
      at = span.end
    }
    expect(at).toBe(text.length)
  })

  it('name the action that wrote a value, and the place of literal text', () => {
    const written = spans.map(({ start, end, pos, expression }) => ({
      text: text.slice(start, end),
      source:
        expression ??
        SOURCE.slice(SOURCE.indexOf(text.slice(start, end), pos), pos + 40).slice(0, end - start),
    }))
    expect(written.filter(({ text }) => text === 'one').map(({ source }) => source)).toEqual(['.A', '.'])
    for (const span of written.filter(({ text }) => !['one', 'p', 'q'].includes(text))) {
      expect(span.source).toBe(span.text)
    }
  })

  it('are not collected unless asked for', () => {
    expect(template.execute({ A: 'one', L: [] }).spans).toBeUndefined()
  })
})
