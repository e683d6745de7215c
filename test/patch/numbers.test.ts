// The spelling of numbers: what Go takes for an integer, what quantities keep, and in which words the rest is refused.
// All rows were tried with encoding/json and the types of k8s.io/api.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settleNumbers } from '../../src/patch/numbers.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import type { Json } from '../../src/std/json.ts'
import { parseWithNumberTexts } from '../../src/std/json-syntax.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { pod } from './arbitrary.ts'

/** As a pod in canonical form, or the message of the refusal. */
function read(text: string): Json | string {
  try {
    return decode(POD, settleNumbers(POD, parseWithNumberTexts(text), 'given'), 'given')
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'merge-failed') return error.message
    throw error
  }
}

const container = (members: string): string => `{"spec":{"containers":[{"name":"a",${members}}]}}`
const PORT = 'ContainerPort.spec.containers.ports.containerPort of type int32'
const PROBE_PORT = 'HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32'
const GRACE = 'PodSpec.spec.terminationGracePeriodSeconds of type int64'

describe('integers', () => {
  it.each([
    [container('"ports":[{"containerPort":80.0}]'), `number 80.0 into Go struct field ${PORT}`],
    [container('"ports":[{"containerPort":1e3}]'), `number 1e3 into Go struct field ${PORT}`],
    [container('"ports":[{"containerPort":-0.0}]'), `number -0.0 into Go struct field ${PORT}`],
    [container('"ports":[{"containerPort":2147483648}]'), `number 2147483648 into Go struct field ${PORT}`],
    [
      container('"livenessProbe":{"httpGet":{"port":80.0}}'),
      `number 80.0 into Go struct field ${PROBE_PORT}`,
    ],
    [`{"spec":{"terminationGracePeriodSeconds":1E1}}`, `number 1E1 into Go struct field ${GRACE}`],
    [`{"spec":{"terminationGracePeriodSeconds":1e400}}`, `number 1e400 into Go struct field ${GRACE}`],
    [
      `{"spec":{"terminationGracePeriodSeconds":9223372036854775808}}`,
      `number 9223372036854775808 into Go struct field ${GRACE}`,
    ],
    [
      `{"spec":{"securityContext":{"supplementalGroups":[1.0,2]}}}`,
      'number 1.0 into Go struct field PodSecurityContext.spec.securityContext.supplementalGroups of type int64',
    ],
    [
      `{"SPEC":{"HostNetwork":true,"activedeadlineseconds":1.0}}`,
      'number 1.0 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
    ],
  ])('%s', (text, message) => {
    expect(read(text)).toBe(`json: cannot unmarshal ${message}`)
  })

  it('the first misfit of the text is named, whatever its kind', () => {
    expect(read('{"metadata":{"generation":1.0,"labels":{"a":1}}}')).toContain('number 1.0 into')
    expect(read('{"metadata":{"labels":{"a":1},"generation":1.0}}')).toContain(
      'number into Go struct field ObjectMeta.metadata.labels of type string',
    )
  })

  it('what is an int64 is taken, to the last one', () => {
    for (const number of ['-0', '9007199254740993', '9223372036854775807', '-9223372036854775808']) {
      expect(read(`{"spec":{"terminationGracePeriodSeconds":${number}}}`)).toMatchObject({
        spec: { terminationGracePeriodSeconds: expect.closeTo(Number(number), -4) },
      })
    }
  })
})

describe('other places of a number', () => {
  it.each([
    [container('"image":1.0'), 'number into Go struct field Container.spec.containers.image of type string'],
    [
      container('"command":1.0'),
      'number into Go struct field Container.spec.containers.command of type []string',
    ],
    ['{"spec":{"hostNetwork":1.0}}', 'number into Go struct field PodSpec.spec.hostNetwork of type bool'],
    ['{"spec":1.0}', 'number into Go struct field Pod.spec of type v1.PodSpec'],
    [
      '{"metadata":{"labels":1.0}}',
      'number into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      '{"metadata":{"creationTimestamp":1.0}}',
      'number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    ['1.0', 'number into Go value of type v1.Pod'],
  ])('%s', (text, message) => {
    expect(read(text)).toBe(`json: cannot unmarshal ${message}`)
  })

  it('quantities keep the exponent they are written with', () => {
    const limits = '{"a":1e3,"b":1.0,"c":1.50,"d":1E3,"e":0.1e1,"f":1e-3,"g":12345678901234567890,"h":5}'
    expect(read(container(`"resources":{"limits":${limits}}`))).toMatchObject({
      spec: {
        containers: [
          {
            resources: {
              limits: {
                a: '1e3',
                b: '1',
                c: '1500m',
                d: '1E3',
                e: '1',
                f: '1e-3',
                g: '12345678901234567890',
                h: '5',
              },
            },
          },
        ],
      },
    })
  })

  it('raw JSON and what no type knows may hold any number', () => {
    expect(
      read('{"metadata":{"managedFields":[{"fieldsV1":{"a":1.0}}]},"unknown":1e5,"spec":{"x":1.0}}'),
    ).toEqual({
      metadata: { managedFields: [{ fieldsV1: { a: 1 } }] },
      spec: { containers: null },
      status: {},
    })
  })
})

it('a pod whose numbers are spelled as usual is read as without spellings', () => {
  fc.assert(
    fc.property(pod, (raw) => {
      const text = JSON.stringify(raw)
      expect(read(text)).toEqual(decode(POD, JSON.parse(text) as Json))
    }),
  )
})
