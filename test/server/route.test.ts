// Request targets: what reaches the injector, what is redirected, what is nowhere.

import { describe, expect, it } from 'vitest'
import { routeTarget, targetReader } from '../../src/server/route.ts'

describe('routeTarget', () => {
  const injected: [url: string, path: string][] = [
    ['/inject', '/inject'],
    ['/inject?timeout=10s', '/inject'],
    ['/inject/', '/inject/'],
    ['/inject/cluster/a%2Fb', '/inject/cluster/a/b'],
    ['/inject/a/%c3%bc%ff', '/inject/a/ü\ufffd'],
    ['/%69nject', '/inject'],
    ['/revisions/canary/inject', '/revisions/canary/inject'],
    ['/tags/prod/inject/net/n1', '/tags/prod/inject/net/n1'],
    ['https://remora.example:443/inject?x', '/inject'],
    ['/inject/.../a', '/inject/.../a'],
  ]
  for (const [url, path] of injected) {
    it(`${url} reaches the injector as ${path}`, () =>
      expect(routeTarget(url)).toEqual({ kind: 'inject', path }))
  }

  const redirected: [url: string, location: string][] = [
    ['/inject//x', '/inject/x'],
    ['//inject', '/inject'],
    ['/inject/../ready?a=b', '/ready?a=b'],
    ['/inject/./x/', '/inject/x/'],
    ['/..', '/'],
    ['/inject/.', '/inject'],
  ]
  for (const [url, location] of redirected) {
    it(`${url} is redirected to ${location}`, () =>
      expect(routeTarget(url)).toEqual({ kind: 'redirect', location }))
  }

  const nowhere = [
    '/revisions/x',
    '/',
    '/INJECT',
    '/injector',
    '/inject%2Fa',
    '/revisions/a%2Fb/inject',
    '/tags/inject',
    '/ready/',
    '*',
  ]
  for (const url of nowhere) {
    it(`${url} is nowhere`, () => expect(routeTarget(url)).toEqual({ kind: 'not-found' }))
  }

  it('knows /ready, and a stray percent sign', () => {
    expect(routeTarget('/ready?x')).toEqual({ kind: 'ready' })
    expect(routeTarget('/inject/%zz')).toEqual({ kind: 'malformed' })
    expect(routeTarget('/inject/%')).toEqual({ kind: 'malformed' })
  })
})

describe('targetReader', () => {
  it('reads as routeTarget does, the first time, later, and after more targets than it remembers', () => {
    const read = targetReader()
    const urls = ['/inject', '/ready', '/inject//x', '/inject/%zz', '/other', `/inject/a/${'b'.repeat(600)}`]
    for (let round = 0; round < 3; round++) {
      for (const url of urls) expect(read(url)).toEqual(routeTarget(url))
      for (let i = 0; i < 200; i++) {
        expect(read(`/inject/k/${i}`)).toEqual({ kind: 'inject', path: `/inject/k/${i}` })
      }
    }
  })

  it('remembers what comes again', () => {
    const read = targetReader()
    expect(read('/inject/a')).toBe(read('/inject/a'))
  })
})
