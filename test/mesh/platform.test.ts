// Facts about the cluster that decide how a proxy runs: native sidecars by node version, ids on OpenShift.

import { describe, expect, test } from 'vitest'
import type { ClusterView } from '../../src/api/mesh.ts'
import { detectNativeSidecars } from '../../src/mesh/native.ts'
import { uidRanges } from '../../src/mesh/openshift.ts'

const cluster = (...versions: string[]): ClusterView => ({
  access: true,
  id: 'Kubernetes',
  nodes: versions.map((kubeletVersion, i) => ({ name: `n${i}`, kubeletVersion })),
  namespaces: {},
  proxyConfigs: [],
})

describe('detectNativeSidecars', () => {
  const detect = (mode: string | undefined, view: ClusterView, nodeName = '', minor = 30): boolean =>
    detectNativeSidecars({
      env: mode === undefined ? {} : { ENABLE_NATIVE_SIDECARS: mode },
      release: { major: 1, minor },
      cluster: view,
      nodeName,
    })

  test.each<[string, boolean]>([
    ['v1.33.0', true],
    ['1.40', true],
    ['v2.33.1-gke.100', true],
    ['v1.33.0+rke2r1', true],
    ['v1.32.9', false],
    ['v40', false],
    ['', false],
    ['v1.33.0.1', false],
    ['v1.33.0-01', false],
    ['latest', false],
  ])('node version %j', (version, passes) => {
    expect(detect('auto', cluster(version))).toBe(passes)
  })

  test('every node must pass, unless the pod is on a known one', () => {
    const mixed = cluster('v1.33.0', 'v1.30.0')
    expect(detect(undefined, mixed)).toBe(false)
    expect(detect('auto', mixed, 'n0')).toBe(true)
    expect(detect('auto', mixed, 'n1')).toBe(false)
    expect(detect('auto', mixed, 'gone')).toBe(false)
    expect(detect('auto', cluster())).toBe(true)
    expect(detect('auto', { ...cluster(), access: false })).toBe(false)
  })

  test.each([
    ['true', true],
    ['false', false],
    ['True', false],
    ['on', false],
  ])('mode %s', (mode, expected) => {
    expect(detect(mode, cluster('v1.99.0'))).toBe(expected)
  })

  test('is a plain bool up to 1.26', () => {
    expect(detect(undefined, cluster('v1.33.0'), '', 26)).toBe(false)
    expect(detect('auto', cluster('v1.33.0'), '', 26)).toBe(false)
    expect(detect('T', cluster(), '', 26)).toBe(true)
  })
})

describe('uidRanges', () => {
  const range = 'openshift.io/sa.scc.uid-range'
  const groups = 'openshift.io/sa.scc.supplemental-groups'

  test.each<[Record<string, string>, number, number]>([
    [{}, 1337, 1337],
    [{ [range]: '1000/10' }, 1009, 1009],
    [{ [range]: '1000-2000' }, 2000, 2000],
    [{ [range]: '1000/10', [groups]: '5/2,7/2' }, 1009, 6],
    [{ [groups]: '5/2' }, 1337, 6],
    [{ [range]: '1000/10', [groups]: '5/2,x' }, 1009, 1337],
    [{ [range]: '1000/10', [groups]: '' }, 1009, 1337],
    [{ [range]: '1000/10 and more' }, 1009, 1009],
    [{ [range]: ' 1000/ 10' }, 1009, 1009],
    [{ [range]: '0/0' }, 4294967295, 4294967295],
    [{ [range]: '4294967296/1' }, 1337, 1337],
    [{ [range]: '5-6/7' }, 1337, 1337],
    [{ [range]: '-5/7' }, 1337, 1337],
  ])('of %j', (annotations, uid, gid) => {
    expect(uidRanges(annotations)).toStrictEqual({ uid, gid })
  })
})
