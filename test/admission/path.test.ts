import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEnvPairs, parseRoute } from '../../src/admission/path.ts'

describe('env pairs of a path', () => {
  const table: readonly [string, string, Record<string, string>][] = [
    ['nothing without a third part', '/inject', {}],
    ['nothing for a key alone', '/inject/cluster', {}],
    [
      'cluster and net have names of their own',
      '/inject/cluster/c1/net/n1/',
      { ISTIO_META_CLUSTER_ID: 'c1', ISTIO_META_NETWORK: 'n1' },
    ],
    ['other keys become upper case', '/inject/my_env/foo', { MY_ENV: 'foo' }],
    ['capitals of one letter stay one letter', '/inject/straße/x', { STRAßE: 'x' }],
    ['values may stand for slashes, keys not', '/inject/a--slash--b/c--slash--d', { 'A--SLASH--B': 'c/d' }],
    ['a last key without a value is left out', '/inject/cluster/c1/net', { ISTIO_META_CLUSTER_ID: 'c1' }],
    [
      'an empty value is a value',
      '/inject/cluster//net/n',
      { ISTIO_META_CLUSTER_ID: '', ISTIO_META_NETWORK: 'n' },
    ],
    ['an empty key is none', '/inject//v', {}],
    ['later duplicates win', '/inject/cluster/a/cluster/b', { ISTIO_META_CLUSTER_ID: 'b' }],
    [
      'the legacy form splits at its mark and keeps slashes',
      '/inject/:ENV:net=n:ENV:root=/a/b',
      { ISTIO_META_NETWORK: 'n', ROOT: '/a/b' },
    ],
    ['the legacy form drops pieces without a name', '/inject/:ENV:=a:ENV:=:ENV:b:ENV:c=', { C: '' }],
    ['the mark counts at the beginning only', '/inject/a/v/b/:ENV:c=d', { A: 'v', B: ':ENV:c=d' }],
    [
      'names of the language are data',
      '/inject/__proto__/x/constructor/y',
      { __PROTO__: 'x', CONSTRUCTOR: 'y' },
    ],
  ]
  for (const [name, path, want] of table) it(name, () => expect(parseEnvPairs(path)).toEqual(want))
})

describe('route', () => {
  it('is the default under /inject', () => {
    expect(parseRoute('/inject')).toEqual({ kind: 'default', name: '', envPairs: {} })
    expect(parseRoute('/inject/cluster/c')).toMatchObject({
      kind: 'default',
      envPairs: { ISTIO_META_CLUSTER_ID: 'c' },
    })
  })

  it('names a revision or a tag, which are not part of the pairs', () => {
    expect(parseRoute('/revisions/1-30/inject/net/n')).toEqual({
      kind: 'revision',
      name: '1-30',
      envPairs: { ISTIO_META_NETWORK: 'n' },
    })
    expect(parseRoute('/tags/prod/inject')).toEqual({ kind: 'tag', name: 'prod', envPairs: {} })
  })

  for (const path of [
    '/',
    '/ready',
    '/injector',
    '/revisions/a',
    '/revisions//inject',
    '/tags/a/injected',
    'inject',
  ]) {
    it(`is none for ${path}`, () => expect(parseRoute(path)).toBeUndefined())
  }

  it('reads the same pairs wherever it leads', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const want = parseRoute(`/inject/${rest}`)?.envPairs
        expect(parseRoute(`/tags/t/inject/${rest}`)?.envPairs).toEqual(want)
        expect(parseRoute(`/revisions/r/inject/${rest}`)?.envPairs).toEqual(want)
      }),
    )
  })
})
