// A user's own settings for injected containers, and the pods they are special for: native sidecars, other users,
// OpenShift, pods that were injected before.

import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/kube.ts'
import { NEWEST } from '../../src/api/release.ts'
import { adjustInitUser } from '../../src/injection/init-user.ts'
import { decodePod } from '../../src/injection/inject.ts'
import { moveForNative, nativeFor } from '../../src/injection/native-move.ts'
import { resetProxyUser } from '../../src/injection/openshift.ts'
import { reapplyContainers, strippedPod } from '../../src/injection/overrides.ts'
import { injectedNames, readStatus } from '../../src/injection/status.ts'
import type { Json } from '../../src/std/json.ts'

function make(spec: object, annotations: Record<string, string> = {}): Pod {
  return decodePod({ metadata: { annotations }, spec: { containers: [], ...spec } } as unknown as Json, '')
}

const PROXY = { name: 'istio-proxy', image: 'proxy:1', args: ['proxy'] }
const OVERRIDES = 'proxy.istio.io/overrides'
const STATUS = 'sidecar.istio.io/status'

describe('user containers of injected names', () => {
  const template = make({ containers: [PROXY] })

  it('win over the template and are recorded in typed field order', () => {
    const incoming = make({ containers: [{ name: 'istio-proxy', tty: true, args: ['mine'], image: 'auto' }] })
    const after = reapplyContainers({ incoming, template, merged: template })
    expect(after.spec.containers).toEqual([
      { name: 'istio-proxy', image: 'proxy:1', args: ['mine'], tty: true, resources: {} },
    ])
    expect(after.metadata.annotations?.[OVERRIDES]).toBe(
      '{"containers":[{"name":"istio-proxy","args":["mine"],"resources":{},"tty":true}]}',
    )
  })

  it('may stand among the containers where the template has an init container', () => {
    const init = make({ initContainers: [PROXY] })
    const incoming = make({ containers: [{ name: 'istio-proxy', tty: true }] })
    const after = reapplyContainers({ incoming, template: init, merged: init })
    expect(after.spec.initContainers?.[0]).toMatchObject({ tty: true })
    expect(after.metadata.annotations?.[OVERRIDES]).toContain('"initContainers":[{"name":"istio-proxy"')
  })

  it('are taken from the record before the pod, and never from a pod that was injected', () => {
    const record = { [OVERRIDES]: '{"containers":[{"name":"istio-proxy","stdin":true}]}' }
    const recorded = make({ containers: [PROXY] }, record)
    expect(
      reapplyContainers({ incoming: recorded, template, merged: template }).spec.containers[0],
    ).toMatchObject({ stdin: true })
    const injected = make({ containers: [PROXY] }, { ...record, [STATUS]: '{"containers":["istio-proxy"]}' })
    expect(reapplyContainers({ incoming: injected, template, merged: template })).toBe(template)
  })

  it('are no JSON: refused with the text of Go', () => {
    const incoming = make({}, { [OVERRIDES]: 'broken' })
    expect(() => reapplyContainers({ incoming, template, merged: template })).toThrow(
      "invalid character 'b' looking for beginning of value",
    )
  })
})

describe('the pod that templates see', () => {
  it('lacks what an earlier injection added, and has recorded overrides', () => {
    const status = '{"containers":["istio-proxy"],"initContainers":["istio-init"]}'
    const annotations = {
      [STATUS]: status,
      [OVERRIDES]: '{"containers":[{"name":"istio-proxy","tty":true}]}',
      'prometheus.io/port': '15020',
      'prometheus.io/path': '/stats/prometheus',
    }
    const injected = make(
      { containers: [{ name: 'app' }, PROXY], initContainers: [{ name: 'istio-init' }] },
      annotations,
    )
    const seen = strippedPod(injected, 15020)
    expect(seen.spec.containers.map((each) => each.name)).toEqual(['app', 'istio-proxy'])
    expect(seen.spec.containers[1]).toEqual({ name: 'istio-proxy', tty: true, resources: {} })
    expect(seen.spec.initContainers).toBeUndefined()
    expect(Object.keys(seen.metadata.annotations ?? {})).toEqual([OVERRIDES])
  })

  it('is the pod itself where the status is no status', () => {
    const odd = make({ containers: [PROXY] }, { [STATUS]: '{"containers":"a"}' })
    expect(strippedPod(odd, 15020)).toBe(odd)
  })
})

describe('status annotation', () => {
  it('is read leniently for templates: any case, null lists, wrong types make it none', () => {
    expect(readStatus('{"Containers":["a"],"initcontainers":null}')).toMatchObject({
      containers: ['a'],
      initContainers: [],
    })
    expect(readStatus('null')).toMatchObject({ containers: [] })
    for (const text of ['', '[]', '{"volumes":[1]}', '{"revision":5}'])
      expect(readStatus(text), text).toBeUndefined()
  })

  it('is read strictly for overrides, with a refusal where Istio dies', () => {
    expect(injectedNames('{"containers":["a"],"Containers":["b"]}').containers).toEqual(['a'])
    expect(injectedNames('[]').containers).toEqual([])
    for (const text of ['{"containers":"a"}', '{"initContainers":[null]}', '{"containers":[1]}']) {
      expect(() => injectedNames(text), text).toThrow('expected a list of container names')
    }
  })
})

describe('native sidecars', () => {
  const native = make({ initContainers: [PROXY] })
  const own = make({
    containers: [{ name: 'app' }, { name: 'istio-proxy', tty: true }],
    initContainers: [{ name: 'a' }],
  })

  it("take the user's own proxy along", () => {
    const moved = moveForNative(own, native, true)
    expect(moved.spec.containers.map((each) => each.name)).toEqual(['app'])
    expect(moved.spec.initContainers?.map((each) => each.name)).toEqual(['a', 'istio-proxy'])
  })

  it('leave it where the sidecar is not native or the template has it elsewhere', () => {
    expect(moveForNative(own, native, false)).toBe(own)
    expect(moveForNative(own, make({ containers: [PROXY] }), true)).toBe(own)
  })

  it('are chosen by the annotation from 1.24 on, in exact words', () => {
    const says = (value: string): Pod => make({}, { 'sidecar.istio.io/nativeSidecar': value })
    expect([nativeFor(says('true'), false, NEWEST), nativeFor(says('false'), true, NEWEST)]).toEqual([
      true,
      false,
    ])
    expect([
      nativeFor(says('maybe'), true, NEWEST),
      nativeFor(says('true'), false, { major: 1, minor: 23 }),
    ]).toEqual([true, false])
  })
})

describe('a proxy that runs as another user', () => {
  const user = (securityContext: object): Pod =>
    make({ containers: [{ name: 'istio-proxy', securityContext }] })
  const merged = (init: object, annotations = {}): Pod =>
    make(
      { containers: [{ ...PROXY, securityContext: { runAsUser: 1337 } }], initContainers: [init] },
      annotations,
    )
  const INIT = { name: 'istio-init', args: ['-m', 'REDIRECT', '-u', '1337', '-u', '5'] }
  const initOf = (pod: Pod): Container | undefined => pod.spec.initContainers?.[0]

  it('is told to istio-init', () => {
    const after = adjustInitUser(merged(INIT), user({ runAsUser: 1000 }), {}, NEWEST)
    expect(initOf(after)?.args).toEqual(['-m', 'REDIRECT', '-u', '1000', '-u', '5'])
    expect(initOf(after)?.securityContext).toBeUndefined()
  })

  it('is shared by istio-validation', () => {
    const after = adjustInitUser(
      merged({ ...INIT, name: 'istio-validation' }),
      user({ runAsUser: 1000, runAsGroup: 7 }),
      {},
      NEWEST,
    )
    expect(initOf(after)?.securityContext).toEqual({ runAsUser: 1000, runAsGroup: 7 })
  })

  it('must be root with TPROXY, said by config or annotation', () => {
    for (const [pod, config] of [
      [merged(INIT, { 'sidecar.istio.io/interceptionMode': 'TPROXY' }), {}],
      [merged(INIT), { interceptionMode: 'TPROXY' }],
    ] as const) {
      const after = adjustInitUser(pod, user({ runAsUser: 1000 }), config, NEWEST)
      expect(after.spec.containers[0]?.securityContext).toEqual({ runAsUser: 0 })
    }
  })

  it('changes nothing for root, without a user, or up to 1.22', () => {
    const before = merged(INIT)
    expect(adjustInitUser(before, user({ runAsUser: 0 }), {}, NEWEST)).toBe(before)
    expect(adjustInitUser(before, user({}), {}, NEWEST)).toBe(before)
    expect(adjustInitUser(before, user({ runAsUser: 5 }), {}, { major: 1, minor: 22 })).toBe(before)
  })

  it('is refused with a message where Istio dies', () => {
    const asUser = user({ runAsUser: 5 })
    expect(() => adjustInitUser(merged({ ...INIT, args: ['-u'] }), asUser, {}, NEWEST)).toThrow(
      'argument "-u" without a user',
    )
    const bare = make({ containers: [PROXY], initContainers: [INIT] })
    expect(() => adjustInitUser(bare, asUser, { interceptionMode: 'TPROXY' }, NEWEST)).toThrow(
      'no securityContext.runAsUser',
    )
  })
})

describe('OpenShift', () => {
  const containers = (proxy: object, app: object): Pod =>
    make({
      containers: [
        { name: 'istio-proxy', securityContext: proxy },
        { name: 'app', securityContext: app },
      ],
    })
  const userOf = (pod: Pod): unknown => pod.spec.containers[0]?.securityContext

  it("takes the application's user from the proxy, and its group", () => {
    const pod = containers({ runAsUser: 5, runAsGroup: 6, privileged: false }, { runAsUser: 5 })
    expect(userOf(resetProxyUser(pod, NEWEST))).toEqual({ privileged: false })
    expect(userOf(resetProxyUser(containers({ runAsGroup: 6 }, {}), NEWEST))).toEqual({})
  })

  it('leaves another user, a proxy without a security context, and releases up to 1.23', () => {
    const other = containers({ runAsUser: 4 }, { runAsUser: 5 })
    expect(resetProxyUser(other, NEWEST)).toBe(other)
    const bare = make({ containers: [PROXY] })
    expect(resetProxyUser(bare, NEWEST)).toBe(bare)
    const same = containers({ runAsUser: 5 }, { runAsUser: 5 })
    expect(resetProxyUser(same, { major: 1, minor: 23 })).toBe(same)
  })

  it('looks at init containers from 1.27 on', () => {
    const native = make({
      containers: [{ name: 'app' }],
      initContainers: [{ name: 'istio-proxy', securityContext: { runAsUser: 0 } }],
    })
    expect(resetProxyUser(native, { major: 1, minor: 26 })).toBe(native)
    expect(resetProxyUser(native, NEWEST).spec.initContainers?.[0]?.securityContext).toEqual({})
  })
})
