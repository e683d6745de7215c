// From a place in a template's output back to its source: the line that wrote it, the expressions in it, and the blocks
// (`if`, `with`, `range`) that line is inside of.

import type { Span } from '../../gotemplate/template.ts'

export interface SourceLine {
  /** 1-based. */
  readonly line: number
  readonly text: string
}

export interface Provenance extends SourceLine {
  /** Actions that wrote any part of the region. */
  readonly expressions: readonly string[]
  /** Openings of the blocks around the line, outermost first. */
  readonly blocks: readonly SourceLine[]
}

/** What wrote `start`…`end` of the output; undefined when nothing did. */
export function provenanceOf(
  source: string,
  output: string,
  spans: readonly Span[],
  start: number,
  end: number,
): Provenance | undefined {
  const first = spans.find((span) => span.start <= start && start < span.end)
  if (first === undefined) return undefined
  const at = sourceOffset(source, output, first, start)
  const inside = spans.filter((span) => span.start < end && span.end > start && span.expression !== undefined)
  const line = lineOf(source, at)
  return {
    line,
    text: lineText(source, line),
    expressions: [...new Set(inside.map((span) => span.expression ?? ''))],
    blocks: blocksAround(source, at),
  }
}

/** Literal text begins at or after the place of its node: blanks that `{{-` and `-}}` took away lie between. */
function sourceOffset(source: string, output: string, span: Span, at: number): number {
  if (span.expression !== undefined) return span.pos
  const found = source.indexOf(output.slice(span.start, span.end), span.pos)
  return (found === -1 ? span.pos : found) + (at - span.start)
}

const lineOf = (source: string, at: number): number => source.slice(0, at).split('\n').length
const lineText = (source: string, line: number): string => (source.split('\n')[line - 1] ?? '').trim()

const ACTION = /\{\{-?\s*(\/\*[\s\S]*?\*\/|(?:`[^`]*`|"(?:\\.|[^"\\])*"|[^}`"]|\}(?!\}))*)\s*-?\}\}/g

function blocksAround(source: string, at: number): SourceLine[] {
  const open: { line: number; keyword: string; text: string }[] = []
  for (const match of source.matchAll(ACTION)) {
    if (match.index >= at) break
    const text = (match[1] ?? '').replace(/-?\s*$/, '').trim()
    const keyword = /^\w+/.exec(text)?.[0] ?? ''
    if (['if', 'with', 'range', 'block', 'define'].includes(keyword)) {
      open.push({ keyword, text: `{{ ${text} }}`, line: lineOf(source, match.index) })
    } else if (keyword === 'else') {
      const top = open.pop()
      const shown = `{{ ${text} }}${top === undefined ? '' : ` of ${top.text}`}`
      if (top !== undefined) open.push({ ...top, text: shown, line: lineOf(source, match.index) })
    } else if (keyword === 'end') {
      open.pop()
    }
  }
  return open.map(({ line, text }) => ({ line, text }))
}

/** The expressions that give a variable its value, for `$name` in `expression`; transitively, each once. */
export function variableExpressions(source: string, expression: string): string[] {
  const seen = new Set<string>()
  const result: string[] = []
  const visit = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/(\$\w+)/g)) {
      if (seen.has(name)) continue
      seen.add(name)
      for (const match of source.matchAll(ACTION)) {
        const body = (match[1] ?? '').replace(/-?\s*$/, '').trim()
        const assigned = /^(?:(?:if|with|range)\s+)?(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=\s*([\s\S]+)$/.exec(body)
        if (assigned === null || (assigned[1] !== name && assigned[2] !== name)) continue
        result.push(`${name} := ${assigned[3] ?? ''}`)
        visit(assigned[3] ?? '')
      }
    }
  }
  visit(expression)
  return result
}
