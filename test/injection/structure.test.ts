// Pods choose values, templates choose structure: what the guard refuses and what it lets through.

import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { decodePod, injectPod } from '../../src/injection/inject.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const ANNOTATION = 'example.com/value'

const PARAMS = {
  cluster: CLUSTER,
  envPairs: {},
  mode: 'webhook',
  compat: 'istio',
  structure: 'refuse',
} as const

function render(template: string, value: string, structure: 'refuse' | 'istio' = 'refuse') {
  const settings = revisionWith({ sidecar: template })
  const raw = {
    metadata: { name: 'p', labels: { l: value }, annotations: { [ANNOTATION]: value } },
    spec: { containers: [{ name: 'app' }] },
  }
  return injectPod({ ...PARAMS, pod: decodePod(raw, 'ns'), settings, structure }).pod
}

function outcome(template: string, value: string): string {
  try {
    render(template, value)
    return 'passes'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return error.code
  }
}

const INDEX = `index .ObjectMeta.Annotations "${ANNOTATION}"`
const IMAGE = `spec:\n  containers:\n  - name: istio-proxy\n    image: {{ ${INDEX} }}\n    tty: false\n`
const QUOTED = `spec:\n  containers:\n  - name: istio-proxy\n    image: "{{ ${INDEX} }}"\n`
const FLOW = `spec:\n  containers:\n  - name: istio-proxy\n    args: [ {{ ${INDEX} }} ]\n`
const BLOCK = `spec:\n  containers:\n  - name: istio-proxy\n    image: |-\n      {{ ${INDEX} }}\n    tty: false\n`
const YAML = `spec:\n  containers:\n  - name: istio-proxy\n    {{ toYaml (fromJSON (${INDEX})) | indent 4 }}\n`
const LIST = `spec:\n  containers:\n  - name: istio-proxy\n    args:\n    - {{ ${INDEX} }}\n    - last\n`
const JSON_STRING = `spec:\n  containers:\n  - name: istio-proxy\n    image: '{{ toJSON .ObjectMeta.Annotations }}'\n`

const TABLE: readonly [name: string, template: string, value: string, want: string][] = [
  ['a plain word', IMAGE, 'a/b:1', 'passes'],
  ['nothing at all', IMAGE, '', 'passes'],
  ['a value behind a comment sign stays one value', IMAGE, 'a # b', 'passes'],
  ['a map in place of a value', IMAGE, '{a: b}', 'structure'],
  ['a list in place of a value', IMAGE, '[a]', 'structure'],
  ['a key of its own', IMAGE, 'a\n    privileged: true', 'structure'],
  ['an item of its own', IMAGE, 'a\n  - name: evil', 'structure'],
  ['a document of its own', IMAGE, 'a\n---\n', 'structure'],
  ['the end of the document, with no YAML behind it', LIST, '\n---\na: b', 'structure'],
  ['a tag', IMAGE, '!!binary YQ==', 'structure'],
  ['an anchor', IMAGE, '&a b', 'structure'],
  ['the end of the quotes', QUOTED, 'a"\n    tty: "true', 'structure'],
  ['a quote inside quotes that ends the value', QUOTED, 'a" # ', 'passes'],
  ['anything between quotes', QUOTED, '{a: [b, c]}, *d', 'passes'],
  ['one word in a flow list', FLOW, 'a', 'passes'],
  ['two words in a flow list', FLOW, 'a,b', 'structure'],
  ['the end of a flow list', FLOW, 'a], tty: [true', 'structure'],
  ['any line in a block scalar', BLOCK, '{a: b} - *c "', 'passes'],
  ['a line break that leaves a block scalar', BLOCK, 'a\n    stdin: true', 'structure'],
  ['a line break that stays in a block scalar', BLOCK, 'a\n      b', 'passes'],
  ['nodes that a serialiser wrote', YAML, '{"image":"a","args":["b: c","- d"],"tty":true}', 'passes'],
  ['what a serialiser cannot print, and leaves out', YAML, '{"image":"a\u007fb"}', 'structure'],
  ['serialised text that is cut off by its quotes', JSON_STRING, "it's", 'structure'],
  ['serialised text that is changed by its quotes', JSON_STRING, "it''s", 'structure'],
  ['serialised text that fits its quotes', JSON_STRING, 'fine', 'passes'],
]

describe('structure guard', () => {
  for (const [name, template, value, want] of TABLE) {
    it(`${want === 'structure' ? 'refuses' : 'lets through'} ${name}`, () => {
      expect(outcome(template, value)).toBe(want)
    })
  }

  it('names the annotation and the line of the template', () => {
    const template = IMAGE.replace('tty: false', 'tty: false # a line below')
    expect(() => render(template, '[a]')).toThrow(
      `failed to run injection template: template "sidecar" line 4: value "[a]" would change the structure of the pod; the cause is annotation "${ANNOTATION}"`,
    )
  })

  it('names an annotation that is printed under another name', () => {
    const template = `{{ range $k, $v := .ObjectMeta.Annotations }}{{ end }}\n{{ $a := fromJSON (${INDEX}) }}${IMAGE.replace(INDEX, '$a.image')}`
    expect(() => render(template, '{"image":"[a]"}')).toThrow(
      `template "sidecar" line 5: value "[a]" would change the structure of the pod; the cause is annotation "${ANNOTATION}"`,
    )
  })

  it('names the annotation and the line where the pod has no such type', () => {
    expect(() => render(IMAGE, 'true')).toThrow(
      new RegExp(
        `cannot unmarshal bool .*; the cause is annotation "${ANNOTATION}", printed by template "sidecar" line 4$`,
      ),
    )
  })

  it('names nobody where the pod is refused without annotations and labels, too', () => {
    expect(() => render('spec: [{{ .ObjectMeta.Name }}]', 'a')).toThrow(/^(?!.*the cause is)/)
  })

  it('names the one region that brings nodes, among others that do not', () => {
    const template = `${QUOTED}    command: [{{ ${INDEX} }}]\n`
    expect(() => render(template, 'a, b')).toThrow('line 5')
  })

  it('can be switched off', () => {
    const pod = render(IMAGE, 'a\n    stdin: true', 'istio')
    expect(pod.spec.containers.find((container) => container.name === 'istio-proxy')?.['stdin']).toBe(true)
  })

  it('lets no annotation add containers or privileges by way of the built-in templates', () => {
    const payloads = [
      'x\n    securityContext: {privileged: true}',
      'x\n  - name: evil\n    image: evil',
      '"\n  - name: evil',
    ]
    const settings = makeRevision()
    const names = [...readBuiltin().config.matchAll(/[a-z.]*istio\.io\/[A-Za-z-]+/g)].map(([name]) => name)
    const tried = new Set(names.filter((name) => name !== 'sidecar.istio.io/status'))
    expect(tried.size).toBeGreaterThan(20)
    for (const name of tried) {
      for (const value of payloads) {
        const raw = {
          metadata: { name: 'p', annotations: { [name]: value } },
          spec: { containers: [{ name: 'app' }] },
        }
        let spec: Pod['spec']
        try {
          spec = injectPod({ ...PARAMS, pod: decodePod(raw, 'ns'), settings }).pod.spec
        } catch (error) {
          expect(error, name).toBeInstanceOf(ProblemError)
          continue
        }
        const all = [...spec.containers, ...(spec.initContainers ?? [])]
        expect(all.map((container) => container.name).sort(), name).toEqual([
          'app',
          'istio-init',
          'istio-proxy',
        ])
        expect(
          all.some((container) => container.securityContext?.['privileged'] === true),
          name,
        ).toBe(false)
      }
    }
  })
})
