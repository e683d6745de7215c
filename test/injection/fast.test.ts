// The fast path gives what the plain pipeline gives: for generated pods, for pods one of whose texts was replaced by one
// that means something else in YAML, for templates of every form, in whichever order pods come.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admit } from '../../src/admission/admit.ts'
import { encodeReview } from '../../src/admission/respond.ts'
import { FastPathCache, type FastPathLimits, type FastResult } from '../../src/injection/fast/cache.ts'
import { type Slot, type Style, scalarValue } from '../../src/injection/fast/scalar.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { cloneJson, deepFreeze, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { pods } from '../generate/pod.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const RUNS = Number(process.env['REMORA_RUNS'] ?? 3000)
const SLOW_TEST = 180_000

interface Bench {
  readonly cache: FastPathCache
  readonly counts: Record<FastResult, number>
}

function bench(limits: Partial<FastPathLimits> = {}, now = (): number => 0, verifies = false): Bench {
  const counts = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const count = (result: FastResult): void => {
    counts[result]++
  }
  const all = { entries: 2000, bytes: 1 << 30, buildsPerSecond: 1_000_000, ...limits }
  return { cache: new FastPathCache({ now, count, verifies: () => verifies, limits: all }), counts }
}

/** The text of the answer. */
function answer(settings: RevisionSettings, pod: Json, cache?: FastPathCache, namespace = 'default'): string {
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: 'u', namespace, object: pod },
  }
  const snapshot = {
    generation: 1,
    defaultRevision: 'default',
    revisions: { default: { settings } },
    tags: {},
    cluster: CLUSTER,
  }
  const fast = cache === undefined ? {} : { fastPath: cache }
  const outcome = admit(snapshot, review, '/inject', { compat: 'istio', structure: 'refuse', ...fast })
  return encodeReview(outcome.response)
}

const plain = makeRevision()
const native = makeRevision({ env: { ENABLE_NATIVE_SIDECARS: 'true' } })

function podOf(annotations: JsonObject = {}, labels: JsonObject = {}, containers: Json[] = []): JsonObject {
  const first = { name: 'app', image: 'i', ports: [{ containerPort: 80 }] }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web', ...labels }, annotations },
    spec: { containers: [first, ...containers], serviceAccountName: 'account' },
  }
}

describe('fast path and plain pipeline', () => {
  for (const [name, settings] of [['containers', plain] as const, ['native sidecars', native] as const]) {
    it(
      `answer generated pods alike: ${name}`,
      () => {
        const { cache, counts } = bench()
        fc.assert(
          fc.property(pods({ odd: true }), (pod) => {
            const want = answer(settings, deepFreeze(pod))
            for (let i = 0; i < 2; i++) expect(answer(settings, pod, cache)).toBe(want)
          }),
          { numRuns: RUNS / 2 },
        )
        expect(counts.mismatch).toBe(0)
        expect(counts.hit).toBeGreaterThan(RUNS / 10)
      },
      SLOW_TEST,
    )
  }

  /** What a text may be replaced by. */
  const ODD = [
    ...['', 'true', 'yes', '010', '1e3', '.inf', '0x1F', '~', 'null', '<<', '=', '-', '--', '---', '...'],
    ...[
      'a: b',
      'a:',
      ':a',
      'x #y',
      '#x',
      '*a',
      '&a',
      '!t',
      '%d',
      '@x',
      '`x',
      '|',
      '>',
      '? x',
      '- x',
      '[a]',
      '{a: b}',
    ],
    ...[
      "it's",
      '"q"',
      'a"b',
      'back\\slash',
      'a\nb',
      'a\r',
      '\u0085',
      'x\u2028y',
      '\u2029',
      '\u0001',
      '\ufeff',
      'tab\t',
    ],
    ...[
      ' lead',
      'trail ',
      'a, b',
      'é',
      '😀',
      '{{ .x }}',
      '<&>',
      'x'.repeat(65_536),
      '{"a":1}',
      '15001,80',
      'web',
    ],
  ]

  const RICH = podOf(
    {
      'sidecar.istio.io/logLevel': 'debug',
      'sidecar.istio.io/agentLogLevel': 'default:info',
      'sidecar.istio.io/userVolume': '{"v":{"name":"v","emptyDir":{}}}',
      'traffic.sidecar.istio.io/includeOutboundIPRanges': '*',
      'readiness.status.sidecar.istio.io/periodSeconds': '7',
      'example.com/note': 'text',
    },
    { version: 'v1', 'service.istio.io/canonical-name': 'name' },
  )

  /** All pods that differ from `pod` in one text, or miss it. */
  function variants(pod: JsonObject, texts: readonly string[]): JsonObject[] {
    const made: JsonObject[] = []
    const places: (string | number)[][] = []
    const visit = (value: Json, path: (string | number)[]): void => {
      if (typeof value === 'string') places.push(path)
      else if (Array.isArray(value)) value.forEach((item, i) => visit(item, [...path, i]))
      else if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
    }
    visit(pod, [])
    for (const path of places.filter(([first]) => first === 'metadata' || first === 'spec')) {
      for (const text of [undefined, ...texts]) {
        const copy = cloneJson(pod)
        let at = copy as JsonObject
        for (const step of path.slice(0, -1)) at = at[step] as JsonObject
        const last = path.at(-1) ?? ''
        if (text === undefined) delete at[last]
        else at[last] = text
        made.push(copy)
      }
    }
    return made
  }

  it(
    'answer pods with one odd text alike, built on the usual one or on the odd one',
    () => {
      const { cache, counts } = bench()
      for (let i = 0; i < 2; i++) answer(plain, RICH, cache)
      const want = answer(plain, RICH)
      for (const odd of variants(RICH, ODD)) {
        const wantOdd = answer(plain, odd)
        expect(answer(plain, odd, cache)).toBe(wantOdd)
        // The same from a cache that knows the odd pod only.
        const { cache: other } = bench()
        for (let i = 0; i < 3; i++) expect(answer(plain, odd, other)).toBe(wantOdd)
        expect(answer(plain, RICH, other)).toBe(want)
      }
      expect(counts.hit).toBeGreaterThan(100)
    },
    SLOW_TEST,
  )

  it(
    'answer pods with two odd texts alike',
    () => {
      const { cache } = bench()
      const once = variants(RICH, ODD)
      const random = fc.nat(once.length - 1).chain((i) => {
        const twice = variants(once[i] ?? RICH, ODD)
        return fc.nat(Math.max(0, twice.length - 1)).map((j) => twice[j] ?? RICH)
      })
      fc.assert(
        fc.property(random, (pod) => {
          const want = answer(plain, pod)
          for (let i = 0; i < 2; i++) expect(answer(plain, pod, cache)).toBe(want)
        }),
        { numRuns: Math.min(RUNS, 200) },
      )
    },
    SLOW_TEST,
  )

  it('serves workloads that were never seen, once their shape was', () => {
    const { cache, counts } = bench()
    for (let i = 0; i < 20; i++) {
      const pod = podOf({ 'example.com/build': `build ${i}` }, { app: `app-${i}`, version: `v${i}` })
      expect(answer(plain, pod, cache)).toBe(answer(plain, pod))
    }
    // A ProxyConfig that is met again becomes a constant, so the shape is built a second time at most.
    expect(counts.hit).toBeGreaterThanOrEqual(16)
  })
})

describe('templates of every form', () => {
  const LABELS = ['a', 'b', 'c'] as const
  const VALUE = fc.constantFrom('x', 'y', 'true', '010', '', 'a: b', '1e3', 'it"s', '#', 'n1', '{', 'p,q')
  const read = fc.constantFrom(...LABELS).map((key) => `(index .ObjectMeta.Labels "${key}")`)
  const term = fc.oneof(
    read,
    fc.constant('"k"'),
    fc.constant('.DeploymentMeta.Name'),
    fc.constant('$v'),
    fc.constant('$w'),
    fc.constant('.Values.global.hub'),
  )
  const expr = fc.oneof(
    term,
    fc
      .tuple(fc.constantFrom('and', 'or', 'default', 'printf "%s-%s"'), term, term)
      .map((p) => `(${p.join(' ')})`),
    fc.tuple(fc.constantFrom('not', 'quote', 'upper', 'len', 'toJson'), term).map((p) => `(${p.join(' ')})`),
    fc.tuple(fc.constantFrom('eq', 'ne', 'contains'), term, term).map((p) => `(${p.join(' ')})`),
    fc.tuple(term, term, term).map(([a, b, c]) => `(ternary ${a} ${b} (eq ${a} ${c}))`),
  )
  const scalar = fc.oneof(
    expr.map((e) => `{{ ${e} }}`),
    expr.map((e) => `"{{ ${e} }}"`),
    expr.map((e) => `'{{ ${e} }}'`),
    expr.map((e) => `pre-{{ ${e} }}.post`),
    fc.tuple(expr, expr).map(([a, b]) => `{{ ${a} }}:{{ ${b} }}`),
    expr.map((e) => `|\n      {{ ${e} }}\n      more`),
    expr.map((e) => `[{{ ${e} }}, b]`),
  )
  const { member } = fc.letrec((tie) => ({
    member: fc.oneof(
      { maxDepth: 3 },
      scalar.map((text) => `    KEY: ${text}\n`),
      fc
        .tuple(expr, tie('members'), tie('members'))
        .map(([e, a, b]) => `{{- if ${e} }}\n${a}{{- else }}\n${b}{{- end }}\n`),
      fc
        .tuple(expr, scalar)
        .map(
          ([e, s]) =>
            `{{- with ${e} }}\n    KEY: "{{ . }}"\n{{- else }}\n    KEY: ${s.replaceAll('.ObjectMeta', '$.ObjectMeta')}\n{{- end }}\n`,
        ),
      expr.map(
        (e) =>
          `{{- range $i, $c := .Spec.Containers }}\n    KEY{{ $i }}: {{ $c.Name }}\n    KEYx{{ $c.Name }}: "{{ ${e.replaceAll('.ObjectMeta', '$.ObjectMeta').replaceAll(' .D', ' $.D').replaceAll(' .V', ' $.V')} }}"\n{{- end }}\n`,
      ),
      expr.map(
        (e) =>
          `{{- range $k, $x := .ObjectMeta.Labels }}{{ $w = $x }}{{ $v = $k }}{{ end }}\n    KEY: "{{ ${e} }}"\n`,
      ),
      expr.map((e) => `{{- $v = ${e} }}\n`),
      expr.map((e) => `{{- if ${e} }}{{ $w = "set" }}{{ end }}\n`),
      fc.constant('    # {{ index .ObjectMeta.Labels "a" }}\n'),
    ),
    members: fc.array(tie('member'), { maxLength: 3 }).map((list) => list.join('')),
  }))
  const template = fc.array(member as fc.Arbitrary<string>, { minLength: 1, maxLength: 5 }).map((members) => {
    let n = 0
    const body = members.join('').replaceAll('KEY', () => `k${n++}`)
    return `{{- $v := "start" }}{{- $w := .Values.global.tag }}\nmetadata:\n  annotations:\n    always: "1"\n${body}`
  })
  const labels = fc.record(Object.fromEntries(LABELS.map((key) => [key, VALUE])), { requiredKeys: [] })
  const pod = fc
    .tuple(labels, fc.array(fc.constantFrom('one', 'two', 'n3'), { maxLength: 2 }))
    .map(([some, names]) =>
      podOf(
        {},
        some as JsonObject,
        [...new Set(names)].map((name) => ({ name, image: 'i' })),
      ),
    )

  const LABEL = '(index .ObjectMeta.Labels "a")'
  const key = (value: string): string => `metadata:\n  annotations:\n    k: ${value}\n`
  const FORMS: readonly (readonly [what: string, text: string])[] = [
    ['a constant chosen by the pod', `{{ $x := and ${LABEL} .Values.global.hub }}${key('"{{ $x }}"')}`],
    ['a constant dot chosen by the pod', key(`"{{ with or (and ${LABEL} "p") "q" }}{{ . }}{{ end }}"`)],
    ['a constant argument chosen by the pod', key(`"{{ print (and ${LABEL} "p") "x" }}"`)],
    [
      'a variable set in a branch',
      `{{ $x := "1" }}{{ if ${LABEL} }}{{ $x = "2" }}{{ end }}${key('"{{ $x }}"')}`,
    ],
    ['a variable declared inside an argument', key(`"{{ if and ${LABEL} ($y := "z") }}{{ $y }}{{ end }}"`)],
    ['a constant variable beside the pod', `{{ $x := "c" }}${key(`"{{ print $x ${LABEL} }}"`)}`],
    ['a merge key', `metadata:\n  annotations:\n    <<: {k: "{{ ${LABEL} }}"}\n    l: "1"\n`],
    ['a constant condition declared', key(`"{{ if $y := "c" }}{{ print $y ${LABEL} }}{{ end }}"`)],
    ['a condition declared', key(`"{{ if $y := ${LABEL} }}{{ $y }}{{ else }}none{{ $y }}{{ end }}"`)],
    [
      'keys of a map',
      `metadata:\n  annotations:\n{{ range $k, $v := .ObjectMeta.Labels }}    k-{{ $k }}: "{{ $v }}"\n{{ end }}`,
    ],
    [
      'an end of a range',
      key(`"{{ range .Spec.Containers }}{{ if eq .Name "two" }}{{ break }}{{ end }}{{ .Name }}{{ end }}"`),
    ],
    [
      'a template called with the dot',
      `{{ define "t" }}{{ ${LABEL} }}{{ end }}${key('"{{ template "t" . }}{{ template "t" . }}"')}`,
    ],
    [
      'a template called with a part',
      `{{ define "t" }}{{ .a }}{{ end }}${key('"{{ template "t" .ObjectMeta.Labels }}"')}`,
    ],
    ['the root in a variable', `{{ $r := . }}${key('"{{ $r.ObjectMeta.Labels.a }}"')}`],
    ['the root in a map', `{{ $r := dict "r" . }}${key('"{{ $r.r.ObjectMeta.Labels.a }}"')}`],
    ['a length', key(`{{ len .Spec.Containers }}`)],
    ['a tree', `metadata:\n  annotations:\n{{ toYaml .ObjectMeta.Labels | indent 4 }}\n`],
    ['a map that is changed', `{{ $d := dict }}{{ $_ := set $d "a" ${LABEL} }}${key('"{{ $d.a }}"')}`],
    ['a number by its text', `spec:\n  terminationGracePeriodSeconds: {{ ${LABEL} | default "7" }}\n`],
    ['a folded scalar', `metadata:\n  annotations:\n    k: >-\n      a\n      {{ ${LABEL} }}\n`],
    ['an anchor', `metadata:\n  annotations:\n    k: &x "{{ ${LABEL} }}"\n    l: *x\n`],
  ]
  const SOME = [undefined, 'one', 'two', '', '12', 'true', 'a: b', 'q"', 'x\ny']
  for (const [what, text] of FORMS) {
    it(`with ${what}`, () => {
      const settings = revisionWith({ sidecar: text })
      const { cache } = bench()
      const list = SOME.flatMap((a) =>
        [[], ['two'], ['two', 'three']].map((names) =>
          podOf(
            {},
            a === undefined ? { z: 'z' } : { a },
            names.map((name) => ({ name, image: 'i' })),
          ),
        ),
      )
      // Which pod a way was recorded for must not matter.
      for (const [one, pods] of [[cache, list] as const, [bench().cache, list.toReversed()] as const]) {
        for (const pod of [...pods, ...pods, ...pods]) {
          expect(answer(settings, pod, one)).toBe(answer(settings, pod))
        }
      }
    })
  }

  it(
    'render alike on the fast path',
    () => {
      let hits = 0
      fc.assert(
        fc.property(template, fc.array(pod, { minLength: 4, maxLength: 8 }), (text, list) => {
          let settings: RevisionSettings
          try {
            settings = revisionWith({ sidecar: text })
          } catch {
            return
          }
          const { cache, counts } = bench()
          for (const one of [...list, ...list, ...list]) {
            expect(answer(settings, one, cache)).toBe(answer(settings, one))
          }
          hits += counts.hit
        }),
        { numRuns: Math.min(RUNS, 400) },
      )
      expect(hits).toBeGreaterThan(Math.min(RUNS, 400))
    },
    SLOW_TEST,
  )
})

describe('scalarValue', () => {
  const CONTEXT: Record<Style, (text: string) => string> = {
    plain: (text) => `a: ${text}\nb: 1\n`,
    'plain-in-flow': (text) => `{ a: ${text}, b: 1 }\n`,
    quoted: (text) => `a: ${text}\nb: 1\n`,
    double: (text) => `a: "${text}"\nb: 1\n`,
    single: (text) => `a: '${text}'\nb: 1\n`,
    literal: (text) => `a: |-\n  ${text}\nb: 1\n`,
  }
  const character = fc.constantFrom(
    ...'ab01._-:=,@/#"\'\\[]{}&*!|>%?~<+$() \t\n\r\u0001\u0085\u00a0\u2028\ufeff\ufffeé',
  )
  const text = fc.oneof(
    fc.array(character, { maxLength: 6 }).map((list) => list.join('')),
    fc.constantFrom(
      'yes',
      '0x1F',
      '1e3',
      '.inf',
      '.nan',
      '1_000',
      '12:30',
      '2001-01-01',
      '"a"',
      '""',
      '<<',
      '---',
    ),
  )

  for (const style of Object.keys(CONTEXT) as Style[]) {
    it(`takes ${style} scalars for nothing but what YAML reads`, () => {
      const around = style === 'quoted' ? fc.constant('') : fc.constantFrom('', '-', 'x', '--k=', 'x:', 'a.')
      let taken = 0
      fc.assert(
        fc.property(around, text, around, text, around, (before, first, between, second, after) => {
          const slot: Slot =
            style === 'quoted'
              ? { style, parts: ['', ''], holes: [0] }
              : { style, parts: [before, between, after], holes: [0, 1] }
          const value = scalarValue(slot, [first, second])
          if (value === undefined) return
          taken++
          const whole = style === 'quoted' ? first : before + first + between + second + after
          expect(parseYaml(CONTEXT[style](whole))).toEqual({ a: value, b: 1 })
        }),
        { numRuns: 4000 },
      )
      expect(taken).toBeGreaterThan(20)
    })
  }
})

describe('FastPathCache', () => {
  it('builds at the second sighting', () => {
    const { cache, counts } = bench()
    answer(plain, podOf(), cache)
    expect(counts).toEqual({ hit: 0, build: 0, fallback: 1, mismatch: 0 })
    for (let i = 0; i < 4; i++) answer(plain, podOf(), cache)
    expect(counts.build).toBeGreaterThan(0)
    expect(counts.hit).toBeGreaterThan(0)
  })

  /** A pod that goes another way through the templates for each `n`. */
  const shape = (n: number): JsonObject =>
    podOf(
      {},
      {},
      Array.from({ length: n }, (_, i) => ({ name: `c${i}`, image: 'i' })),
    )

  it('holds no more than its bounds', () => {
    const { cache } = bench({ entries: 5 })
    for (let n = 0; n < 32; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), cache)
    expect(cache.size.entries).toBe(5)
    const { cache: small } = bench({ bytes: 100_000 })
    for (let n = 0; n < 32; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), small)
    expect(small.size.entries).toBeGreaterThan(0)
    expect(small.size.bytes).toBeLessThanOrEqual(100_000)
  })

  it('takes room from the namespace that has the most', () => {
    const { cache, counts } = bench({ entries: 6 })
    for (let n = 0; n < 2; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), cache, 'quiet')
    for (let n = 2; n < 32; n++) {
      const flood = { ...shape(n), metadata: { ...(shape(n)['metadata'] as JsonObject), namespace: 'flood' } }
      for (let i = 0; i < 4; i++) answer(plain, flood, cache, 'flood')
    }
    const before = counts.hit
    for (let n = 0; n < 2; n++) answer(plain, shape(n), cache, 'quiet')
    expect(counts.hit - before).toBe(2)
  })

  it('builds no more than so many a second', () => {
    let time = 0
    const { cache, counts } = bench({ buildsPerSecond: 3 }, () => time)
    const flood = (): void => {
      for (let n = 0; n < 32; n++) for (let i = 0; i < 3; i++) answer(plain, shape(n), cache)
    }
    flood()
    expect(counts.build).toBe(3)
    time = 2000
    flood()
    expect(counts.build).toBe(6)
  })

  it('serves the plain answer where verification finds another, and forgets the skeleton', () => {
    // Settings that change under our hands: what no snapshot does.
    const made = revisionWith({
      sidecar: 'metadata: {annotations: {x: "{{ .ObjectMeta.Name }}{{ .Values.n }}"}}',
    })
    const raw = { ...made.values.raw, n: 'first' }
    const settings = { ...made, values: { ...made.values, raw } }
    const { cache, counts } = bench({}, () => 0, true)
    for (let i = 0; i < 4; i++) answer(settings, podOf(), cache)
    expect(counts.hit).toBeGreaterThan(0)
    raw.n = 'changed'
    expect(answer(settings, podOf(), cache)).toBe(answer(settings, podOf()))
    expect(counts.mismatch).toBe(1)
    expect(cache.size.entries).toBeLessThan(2)
  })
})
