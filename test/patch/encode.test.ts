// Typed JSON text: fields in Go's order, maps sorted, HTML characters escaped.

import { describe, expect, it } from 'vitest'
import { encodeOrdered } from '../../src/patch/encode.ts'
import { POD_TABLE } from '../../src/patch/schema.ts'

describe('encodeOrdered', () => {
  it('writes a container in the order of its Go struct', () => {
    const container = {
      tty: true,
      securityContext: { runAsUser: 0, capabilities: { drop: ['ALL'] } },
      livenessProbe: { periodSeconds: 5, httpGet: { scheme: 'HTTP', port: 80, path: '/a?b&c' } },
      env: [{ valueFrom: { fieldRef: { fieldPath: 'x' } }, name: 'A' }],
      resources: { limits: { memory: '1024Mi', cpu: '1' } },
      image: 'i',
      name: 'a',
      junk: 1,
    }
    expect(encodeOrdered(POD_TABLE.type('Container'), container)).toBe(
      '{"name":"a","image":"i","env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"x"}}}],' +
        '"resources":{"limits":{"cpu":"1","memory":"1Gi"}},' +
        '"livenessProbe":{"httpGet":{"path":"/a?b\\u0026c","port":80,"scheme":"HTTP"},"periodSeconds":5},' +
        '"securityContext":{"capabilities":{"drop":["ALL"]},"runAsUser":0},"tty":true}',
    )
  })

  it('sorts maps and keeps the key order of raw JSON', () => {
    const meta = {
      annotations: { b: '<1>', a: '2' },
      managedFields: [{ fieldsV1: { z: {}, a: { n: null, t: [1, true] } } }],
    }
    expect(encodeOrdered(POD_TABLE.type('ObjectMeta'), meta)).toBe(
      '{"annotations":{"a":"2","b":"\\u003c1\\u003e"},' +
        '"managedFields":[{"fieldsV1":{"z":{},"a":{"n":null,"t":[1,true]}}}]}',
    )
  })

  it('writes nulls where Go does', () => {
    expect(encodeOrdered(POD_TABLE.type('PodSpec'), {})).toBe('{"containers":null}')
    expect(encodeOrdered(POD_TABLE.type('GRPCAction'), { port: 1 })).toBe('{"port":1,"service":null}')
  })
})
