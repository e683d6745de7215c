// Templates that read labels `a`, `b` and `c`, containers and the name of a pod in every way that a template can: fixed
// forms, each with a trap of its own for who records a run, and a grammar for fast-check.

import fc from 'fast-check'

/** Labels that the templates read. */
export const LABELS = ['a', 'b', 'c'] as const
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
/** Templates that print, branch on and go over what pods choose. */
export const template = fc
  .array(member as fc.Arbitrary<string>, { minLength: 1, maxLength: 5 })
  .map((members) => {
    let n = 0
    const body = members.join('').replaceAll('KEY', () => `k${n++}`)
    return `{{- $v := "start" }}{{- $w := .Values.global.tag }}\nmetadata:\n  annotations:\n    always: "1"\n${body}`
  })

const LABEL = '(index .ObjectMeta.Labels "a")'
const key = (value: string): string => `metadata:\n  annotations:\n    k: ${value}\n`
/** Templates of one form each: a way in which what a pod chooses can have an influence. */
export const FORMS: readonly (readonly [what: string, text: string])[] = [
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
  [
    'an argument that is read beside another dot',
    `{{ define "t" }}{{ with "k" }}{{ $.DeploymentMeta.Name }}{{ . }}{{ end }}{{ end }}${key(`"{{ template "t" (dict "DeploymentMeta" (dict "Name" ${LABEL})) }}"`)}`,
  ],
  ['the root in a variable', `{{ $r := . }}${key('"{{ $r.ObjectMeta.Labels.a }}"')}`],
  ['the root in a map', `{{ $r := dict "r" . }}${key('"{{ $r.r.ObjectMeta.Labels.a }}"')}`],
  ['a length', key(`{{ len .Spec.Containers }}`)],
  ['a tree', `metadata:\n  annotations:\n{{ toYaml .ObjectMeta.Labels | indent 4 }}\n`],
  ['a map that is changed', `{{ $d := dict }}{{ $_ := set $d "a" ${LABEL} }}${key('"{{ $d.a }}"')}`],
  ['a number by its text', `spec:\n  terminationGracePeriodSeconds: {{ ${LABEL} | default "7" }}\n`],
  ['a folded scalar', `metadata:\n  annotations:\n    k: >-\n      a\n      {{ ${LABEL} }}\n`],
  ['an anchor', `metadata:\n  annotations:\n    k: &x "{{ ${LABEL} }}"\n    l: *x\n`],
  ['a field and a constant', key('"{{ and .ObjectMeta.GenerateName "p" }}"')],
  ['a field of the dot and a constant', key('"{{ range .Spec.Containers }}{{ and .Image "p" }}{{ end }}"')],
  ['a variable and a constant', `{{ $x := ${LABEL} }}${key('"{{ and $x "p" }}"')}`],
  ['a dot and a constant', `{{ define "t" }}{{ and . "p" }}{{ end }}${key(`"{{ template "t" ${LABEL} }}"`)}`],
  ['a function of the root and a constant', key(`'{{ and (contains "two" (toJson .)) "p" }}'`)],
  [
    'a variable that an argument may hide',
    `{{ $y := "o" }}${key(`"{{ if or (and ${LABEL} ($y := "i")) true }}{{ $y }}{{ end }}"`)}`,
  ],
]
