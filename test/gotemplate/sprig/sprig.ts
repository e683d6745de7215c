// What the tests of sprig's functions share: rendering with them, and tables of templates and outputs.

import { expect, it } from 'vitest'
import { SPRIG } from '../../../src/gotemplate/sprig/sprig.ts'
import { parseTemplate, type RunOptions, TemplateError } from '../../../src/gotemplate/template.ts'
import type { GoValue } from '../../../src/gotemplate/value.ts'

export function render(template: string, data: GoValue = null, options: RunOptions = {}): string {
  return parseTemplate('t', template, SPRIG).execute(data, options).text
}

/** What the function itself said was wrong. */
export function problemOf(template: string, data: GoValue = null, options: RunOptions = {}): string {
  try {
    render(template, data, options)
  } catch (error) {
    if (error instanceof TemplateError) return error.message.replace(/^.*error calling \w+: /s, '')
    throw error
  }
  throw new Error(`no error: ${template}`)
}

export type Rows = readonly (readonly [template: string, output: string])[]

/** A test a row; rows were checked against sprig 3.3.0 itself. */
export function table(rows: Rows, data: GoValue = null): void {
  for (const [template, output] of rows) it(template, () => expect(render(template, data)).toBe(output))
}

/** A test a row: the template fails in the function with this text. */
export function problems(rows: Rows, data: GoValue = null): void {
  for (const [template, problem] of rows) {
    it(template, () => expect(problemOf(template, data)).toBe(problem))
  }
}
