// Who depends on a revision tag.

import { describe, expect, it } from 'vitest'
import { dependantsOf } from '../../src/revision/dependants.ts'

describe('dependantsOf', () => {
  const users = {
    namespaces: [
      { name: 'shop', labels: { 'istio.io/rev': 'prod' } },
      { name: 'bank', labels: { 'istio-injection': 'enabled', 'istio.io/rev': 'prod' } },
      { name: 'off', labels: { 'istio-injection': 'disabled' } },
      { name: 'free', labels: {} },
    ],
    pods: [
      { namespace: 'shop', name: 'a', labels: {} },
      { namespace: 'free', name: 'b', labels: { 'istio.io/rev': 'prod' } },
      { namespace: 'free', name: 'c', labels: { 'sidecar.istio.io/inject': 'true' } },
      { namespace: 'off', name: 'd', labels: { 'istio.io/rev': 'prod', 'sidecar.istio.io/inject': 'true' } },
      {
        namespace: 'free',
        name: 'e',
        labels: { 'istio.io/rev': 'prod', 'sidecar.istio.io/inject': 'false' },
      },
    ],
    gateways: [
      { namespace: 'shop', name: 'g', labels: {} },
      { namespace: 'free', name: 'h', labels: {} },
      { namespace: 'shop', name: 'i', labels: { 'istio.io/rev': 'default' } },
    ],
  }

  it('are namespaces, pods and Gateways of the tag', () => {
    expect(dependantsOf('prod', users)).toEqual({
      namespaces: ['shop'],
      pods: ['free/b'],
      gateways: ['shop/g'],
    })
    expect(dependantsOf('default', users)).toEqual({
      namespaces: ['bank'],
      pods: ['free/c'],
      gateways: ['free/h', 'shop/i'],
    })
  })
})
