// The proof of new settings: what no pod could be injected with is refused, and nothing a template does makes it endless.

import { describe, expect, it } from 'vitest'
import { type ProofDeadline, proveRevision } from '../../src/admission/prove.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { snapshotOf, TEMPLATE } from './fixture.ts'

const TIMELESS: ProofDeadline = { now: () => 0, at: 1 }

function problemOf(template: string, deadline: ProofDeadline = TIMELESS): ProblemError | undefined {
  const snapshot = snapshotOf({ template })
  const settings = snapshot.revisions['default']?.settings
  if (settings === undefined) throw new Error('the fixture has no settings')
  try {
    proveRevision(settings, snapshot.cluster, deadline)
    return undefined
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
}

const forever = (body: string): string =>
  `{{ range 9223372036854775807 }}{{ range 9223372036854775807 }}${body}{{ end }}{{ end }}\n${TEMPLATE}`

describe('settings that inject no probe pod', () => {
  it.each([
    ['an endless range', forever('{{ $x := 1 }}'), 'limit of 2000000 steps'],
    ['digests without end', forever('{{ $x := sha512sum "a" }}'), 'limit of 2000000 steps'],
    ['patterns without end', forever('{{ $x := regexMatch "(a{30}){30}" "a" }}'), 'limit of 2000000 steps'],
    ['output without end', forever('# xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'), 'limit of 8388608'],
    [
      'templates without end',
      `{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`,
      'template depth (200)',
    ],
    ['no YAML', 'a: b: c', ''],
    ['no pod', 'spec: 1', ''],
  ])('%s', (_, template, message) => {
    const problem = problemOf(template)
    expect(problem?.code).toBe('invalid-config')
    expect(problem?.message).toContain('no pod could be injected with these settings')
    expect(problem?.message).toContain(message)
    expect(problem?.where.object).toBe('revision default')
  })

  it('a template that fails one pod and not the next is allowed', () => {
    expect(
      problemOf(`{{ if not .DeploymentMeta.Name }}{{ fail "named pods only" }}{{ end }}${TEMPLATE}`),
    ).toBe(undefined)
    expect(
      problemOf(`{{ if eq .ObjectMeta.Name "probe" }}{{ fail "no bare pods" }}{{ end }}${TEMPLATE}`),
    ).toBeUndefined()
  })

  it('time that runs out is told apart: another try may do', () => {
    let clock = 0
    const deadline = { now: () => ++clock, at: 3 }
    const problem = problemOf(forever('{{ $x := 1 }}'), deadline)
    expect(problem?.code).toBe('limit')
    expect(problem?.message).toContain('the probe pods took too long with these settings')
    expect(clock).toBeLessThan(10)
  })

  it('settings that do are fine', () => {
    expect(problemOf(TEMPLATE)).toBeUndefined()
  })
})
