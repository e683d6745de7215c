// Settings of cluster mode: names that follow from the Service, conditions, and problems that are told together.

import { describe, expect, it } from 'vitest'
import { readClusterConfig } from '../../src/config/cluster.ts'

describe('readClusterConfig', () => {
  it('knows the names of its Service', () => {
    const { names, certSource } = readClusterConfig({ namespace: 'mesh', 'service-name': 'inj' }, [], {})
    expect(names).toEqual(['inj', 'inj.mesh', 'inj.mesh.svc', 'inj.mesh.svc.cluster.local'])
    expect(certSource).toBe('self')
    expect(readClusterConfig({}, [], { REMORA_DNS_NAMES: 'a.b' }).names).toEqual(['a.b'])
  })

  it('reads conditions up to their first equals sign', () => {
    const { matchConditions } = readClusterConfig({}, ['only-web=object.metadata.name == "web"'], {})
    expect(matchConditions).toEqual([{ name: 'only-web', expression: 'object.metadata.name == "web"' }])
    expect(() => readClusterConfig({}, ['only-web'], {})).toThrow('--match-condition is "only-web"')
    expect(() => readClusterConfig({}, ['=x'], {})).toThrow('expected name=expression')
  })

  it('wants files exactly where they are used', () => {
    const files = { 'cert-file': 'c', 'key-file': 'k' }
    expect(readClusterConfig({ ...files, 'cert-source': 'cert-manager' }, [], {}).certSource).toBe(
      'cert-manager',
    )
    expect(() => readClusterConfig(files, [], {})).toThrow('--cert-source is "self"')
    expect(() => readClusterConfig({ 'cert-source': 'files' }, [], {})).toThrow('--cert-file and --key-file')
  })

  it('tells everything that is wrong at once', () => {
    const flags = { 'failure-policy': 'fail', 'timeout-seconds': '31', 'cert-lifetime': '90d' }
    expect(() => readClusterConfig(flags, [], { REMORA_REINVOCATION_POLICY: 'Always' })).toThrow(
      /failure-policy is "fail".*REINVOCATION_POLICY is "Always".*timeout-seconds is "31".*cert-lifetime is "90d"/,
    )
  })
})
