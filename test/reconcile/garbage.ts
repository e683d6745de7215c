// Texts that people and broken tools put into the keys of an injector ConfigMap, none of which can be injected with.

import { readBuiltin } from '../../src/config/builtin.ts'
import { isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'

const { config, values } = readBuiltin()
const template = (text: string): string =>
  JSON.stringify({ templates: { sidecar: text }, defaultTemplates: ['sidecar'] })

/** Good values with one field that is not. */
function changed(path: string, value: Json): string {
  const whole = parseYaml(values) as JsonObject
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  let at = whole
  for (const step of steps) {
    const inner = at[step]
    const next: JsonObject = isObject(inner) ? { ...inner } : {}
    at[step] = next
    at = next
  }
  at[last] = value
  return JSON.stringify(whole)
}

/** Of either key: no mapping at all, or cut off, or of another kind. */
const ANY: Readonly<Record<string, string>> = {
  nothing: '',
  'a word': 'oops',
  'a number': '42',
  true: 'true',
  'a list': '- a\n- b',
  'a list in brackets': '[1, 2]',
  'an open bracket': '[',
  'an open brace': '{',
  'an open string': '{"global": "x',
  'a tab for indentation': 'global:\n\thub: x',
  'two colons': 'a: b: c',
  'a broken anchor': 'a: *missing',
  'an undefined tag': '!!nothing {',
  'a NUL byte': 'a: "\u0000',
  'HTML of a proxy': '<html><body>502 Bad Gateway</body></html>',
  'a merge conflict': '<<<<<<< HEAD\nglobal: {}\n=======\nglobal: {}\n>>>>>>> x\n',
  base64: 'Z2xvYmFsOiB7fQ==',
  'a percent sign': '%notADirective',
  'a backtick': '`',
  'an at sign': '@values',
  'a mapping that closes twice': '{}}',
  'a duplicate of a brace': '{{}}',
  'an indentation that jumps': 'a:\n  b: 1\n c: 2',
  'an unfinished flow': 'a: [1, 2',
  'an alias bomb': `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n`,
}

export const BAD_CONFIG: Readonly<Record<string, string>> = {
  ...ANY,
  'cut in the middle': config.slice(0, config.length / 2),
  'without its last byte of a template': config.slice(0, -2),
  'templates of a list': 'templates: [a]',
  'templates of a number': 'templates: {sidecar: {a: 1}}',
  'a policy that is a list': 'policy: [enabled]',
  'selectors that are words': 'neverInjectSelector: x',
  'aliases that are words': 'aliases: {a: b}',
  'default templates that are words': 'defaultTemplates: sidecar',
  'an unknown function': template('{{ nonsense }}'),
  'an action that does not end': template('{{ if true }}x: y'),
  'an end too many': template('{{ end }}'),
  'an unclosed action': template('a: {{ .Values '),
  'an unclosed comment': template('{{/* x'),
  'an unclosed quote': template('{{ "x }}'),
  'a template that does not exist': template('{{ template "gone" . }}'),
  'a field of nothing': template('a: {{ .Nothing.AtAll }}'),
  'a failure by purpose': template('{{ fail "no" }}'),
  'an index out of range': template('{{ index (list) 3 }}'),
  'an endless recursion': template('{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}'),
  'an endless output': template('{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}'),
  'output that is no YAML': template('a: [b'),
  'output that is a list': template('- a'),
  'output that is no pod': template('spec: {containers: 3}'),
  'a container that is a word': template('spec: {containers: [x]}'),
  'a port that is a word': template('spec: {containers: [{name: istio-proxy, ports: [{containerPort: x}]}]}'),
  'a default template that is not there': JSON.stringify({ templates: {}, defaultTemplates: ['sidecar'] }),
}

export const BAD_VALUES: Readonly<Record<string, string>> = {
  ...ANY,
  'cut in the middle': values.slice(0, values.length / 2),
  'global of a word': '{"global": "x"}',
  'global of a list': '{"global": []}',
  'a hub that is a list': '{"global": {"hub": []}}',
  'proxy of a word': '{"global": {"proxy": "x"}}',
  'an image that is a number': '{"global": {"proxy": {"image": {}}}}',
  'a tag that is a list': '{"global": {"tag": ["x"]}}',
  'a cluster name that is a mapping': '{"global": {"multiCluster": {"clusterName": {}}}}',
  'a network that is a list': '{"global": {"network": ["x"]}}',
  'multi-cluster of a word': '{"global": {"multiCluster": "x"}}',
  'an injector webhook of a word': '{"sidecarInjectorWebhook": "x"}',
  'a probe switch that is a word': '{"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": "x"}}',
  'no values at all': '{}',
  'values of null': '{"global": null}',
  'resources of a word': changed('global.proxy.resources', 'x'),
  'a time that is a word': changed('global.proxy.readinessPeriodSeconds', 'soon'),
  'a port that is a mapping': changed('global.proxy.statusPort', {}),
  'an init image that is a list': changed('global.proxy_init.image', ['x']),
  'a pull policy that is a mapping': changed('global.imagePullPolicy', { a: 1 }),
  'pull secrets of a word': changed('global.imagePullSecrets', 'x'),
  'a lifecycle of a word': changed('global.proxy.lifecycle', 'x'),
  'a probe with a word for a number': changed('global.proxy.startupProbe', { failureThreshold: 'x' }),
  'a switch that says perhaps': changed('global.proxy.privileged', 'perhaps'),
  'addresses that are a mapping': changed('global.proxy.includeIPRanges', {}),
  'a profile whose type is a number': changed('global.proxy.seccompProfile', { type: 3 }),
  'a revision that is a list': changed('revision', ['x']),
  'a CNI of a word': changed('pilot.cni', 'x'),
}
