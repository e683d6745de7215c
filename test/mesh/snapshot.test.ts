import { describe, expect, test, vi } from 'vitest'
import type { RevisionInputs } from '../../src/api/mesh.ts'
import { TemplateError } from '../../src/gotemplate/error.ts'
import { parseTemplate, type Template } from '../../src/gotemplate/template.ts'
import {
  buildRevision,
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  rejectRevision,
  removeRevision,
  replaceRevision,
  resolveRevision,
} from '../../src/mesh/snapshot.ts'
import { ProblemError } from '../../src/std/problem.ts'

/** A compiler that knows one syntax error. */
function compile(name: string, text: string): Template {
  if (text.includes('{{')) {
    const place = { template: 'inject', line: 2, column: 3, source: text }
    throw new TemplateError('template: inject:2: broken', { phase: 'parse', code: 'syntax', ...place })
  }
  return parseTemplate(name, text, new Map())
}

const inputs = (change: Partial<RevisionInputs> = {}): RevisionInputs => ({
  revision: 'blue',
  release: { major: 1, minor: 30 },
  env: { PLATFORM: 'x' },
  config: 'policy: enabled\ntemplates: {sidecar: "a: b"}',
  values: '{"global": {"hub": "h"}}',
  mesh: ['trustDomain: first', 'rootNamespace: second'],
  ...change,
})

function problemOf(run: () => unknown): ProblemError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error('no problem was thrown')
}

describe('buildRevision', () => {
  test('reads every text, mesh texts one onto the other', () => {
    const settings = buildRevision(inputs(), compile)
    expect(settings.mesh).toMatchObject({ trustDomain: 'first', rootNamespace: 'second' })
    expect(settings.values.hub).toBe('h')
    expect([...settings.templates.keys()]).toStrictEqual(['sidecar'])
    for (const data of [settings, settings.config.templates, settings.mesh['defaultConfig'], settings.env]) {
      expect(Object.isFrozen(data)).toBe(true)
    }
  })

  test.each<[Partial<RevisionInputs>, string, string]>([
    [{ config: '[' }, 'invalid-config', 'config'],
    [{ values: 'global: x' }, 'invalid-values', 'values'],
    [{ mesh: ['', 'proxyListenPort: 0'] }, 'invalid-mesh', 'mesh'],
    [{ config: 'templates: {"a b": "x\\n{{"}' }, 'invalid-template', 'config.templates["a b"]'],
  ])('says where %j is wrong', (change, code, field) => {
    const problem = problemOf(() => buildRevision(inputs(change), compile))
    expect(problem).toMatchObject({ code, where: { object: 'revision blue', field } })
  })

  test('points into a broken template', () => {
    const problem = problemOf(() => buildRevision(inputs({ config: 'templates: {t: "x\\n{{"}' }), compile))
    expect(problem.message).toBe('template: inject:2: broken')
    expect(problem.where).toMatchObject({ line: 2, column: 3 })
    expect(problem.hint).toContain('^')
  })

  test('hashes what the texts mean, and every part of it', () => {
    const hash = (change: Partial<RevisionInputs>): string => buildRevision(inputs(change), compile).hash
    const same = hash({
      config: '# c\ntemplates: {sidecar: "a: b"}\npolicy: enabled',
      values: 'global: {hub: h}',
    })
    expect(same).toBe(hash({}))
    expect(same).toMatch(/^[0-9a-f]{64}$/)
    const others = [
      hash({ revision: 'green' }),
      hash({ release: { major: 1, minor: 29 } }),
      hash({ env: {} }),
      hash({ config: 'policy: enabled\ntemplates: {sidecar: "a: c"}' }),
      hash({ values: '{}' }),
      hash({ mesh: [] }),
    ]
    expect(new Set([same, ...others]).size).toBe(others.length + 1)
  })
})

describe('a snapshot', () => {
  const good = replaceRevision(EMPTY_SNAPSHOT, inputs(), compile)
  const blue = { kind: 'revision', name: 'blue' } as const

  test('keeps the last good pair when a change cannot be used', () => {
    const settings = resolveRevision(good, blue)
    const bad = replaceRevision(good, inputs({ values: 'global: 1', mesh: [] }), compile)
    expect(resolveRevision(bad, blue)).toBe(settings)
    expect(bad.revisions['blue']?.problem?.code).toBe('invalid-values')
    expect(bad.generation).toBe(good.generation + 1)
    const mended = replaceRevision(bad, inputs({ mesh: [] }), compile)
    expect(mended.revisions['blue']?.problem).toBeUndefined()
    expect(resolveRevision(mended, blue)).not.toBe(settings)
  })

  test('takes only what stands the proof', () => {
    const prove = vi.fn(() => {
      throw new ProblemError('template-failed', 'probe pod failed')
    })
    const refused = replaceRevision(good, inputs({ mesh: [] }), compile, prove)
    expect(prove).toHaveBeenCalledWith(expect.objectContaining({ revision: 'blue' }))
    expect(resolveRevision(refused, blue)).toBe(resolveRevision(good, blue))
    expect(refused.revisions['blue']?.problem?.message).toBe('probe pod failed')
  })

  test('lets defects through', () => {
    const defect = (): never => {
      throw new TypeError('defect')
    }
    expect(() => replaceRevision(good, inputs(), compile, defect)).toThrow(TypeError)
  })

  test('does not touch other revisions, whatever they are called', () => {
    const names = ['__proto__', 'constructor', 'green']
    const all = names.reduce(
      (last: MeshSnapshot, revision) => replaceRevision(last, inputs({ revision }), compile),
      good,
    )
    expect(Object.keys(all.revisions)).toStrictEqual(['blue', ...names])
    for (const name of names) expect(resolveRevision(all, { kind: 'revision', name }).revision).toBe(name)
    expect(resolveRevision(all, blue)).toBe(resolveRevision(good, blue))
    const fewer = removeRevision(all, 'blue')
    expect(() => resolveRevision(fewer, blue)).toThrow(
      'revision "blue" does not exist; known revisions: __proto__, constructor, green',
    )
  })

  test('resolves tags and the default', () => {
    const tagged = changeSnapshot(good, { tags: { prod: 'blue', old: 'gone' }, defaultRevision: 'blue' })
    const settings = resolveRevision(good, blue)
    expect(resolveRevision(tagged, { kind: 'default', name: '' })).toBe(settings)
    expect(resolveRevision(tagged, { kind: 'tag', name: 'prod' })).toBe(settings)
    expect(Object.isFrozen(tagged.tags)).toBe(true)
    const message = (kind: 'tag' | 'default' | 'revision', name: string, from = tagged): string =>
      problemOf(() => resolveRevision(from, { kind, name })).message
    expect(message('tag', 'old')).toBe('revision "gone" of tag "old" does not exist; known revisions: blue')
    expect(message('tag', 'toString')).toBe('tag "toString" does not exist; known tags: old, prod')
    expect(message('default', '', good)).toBe('there is no default revision; known revisions: blue')
    expect(message('revision', 'x', EMPTY_SNAPSHOT)).toBe('revision "x" does not exist; no revision is known')
  })

  test('refuses for a revision that never had usable settings, with the reason', () => {
    const never = rejectRevision(good, 'green', new ProblemError('not-found', 'key "values" is missing'))
    const problem = problemOf(() => resolveRevision(never, { kind: 'revision', name: 'green' }))
    expect(problem.message).toBe('revision "green" has no usable configuration: key "values" is missing')
    expect(resolveRevision(never, blue)).toBe(resolveRevision(good, blue))
  })
})
