// kube-inject on text: which documents are injected, what stays byte for byte, what is said about the rest.

import { describe, expect, it } from 'vitest'
import { kubeInject, kubeInjectConfig } from '../../src/injection/kube-inject.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const TEMPLATE = `metadata:
  annotations: {made: "{{ .TypeMeta.APIVersion }}/{{ .TypeMeta.Kind }}/{{ .DeploymentMeta.Name }}"}
spec:
  containers:
  - name: istio-proxy
    image: proxy
`
const settings = revisionWith(
  { sidecar: TEMPLATE },
  { revision: '' },
  { injectedAnnotations: { no: 'x' }, policy: 'disabled' },
)
const run = (text: string) => kubeInject(text, { settings, cluster: CLUSTER, structure: 'refuse' })

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {annotations: {flag: true, ratio: 1.50}}
    spec:
      containers: [{name: app, image: app:1}]
`

describe('kube-inject', () => {
  it('injects the pod template and prints the typed object', () => {
    const { output, warnings } = run(DEPLOYMENT)
    const object = parseYaml(output) as {
      spec: {
        template: {
          metadata: { annotations: Record<string, string> }
          spec: { containers: { name: string }[] }
        }
      }
    }
    const { metadata, spec } = object.spec.template
    expect(spec.containers.map((container) => container.name)).toEqual(['app', 'istio-proxy'])
    expect(metadata.annotations).toMatchObject({ made: 'apps/v1/Deployment/web', flag: 'true', ratio: '1.5' })
    expect(metadata.annotations).not.toHaveProperty('no')
    expect(output.endsWith('status: {}\n---\n')).toBe(true)
    expect(output).toContain('  strategy: {}\n')
    expect(warnings).toEqual([])
  })

  it('leaves other documents byte for byte', () => {
    const service = '# a service\napiVersion: v1\nkind:   Service\nspec: {a: 1.0}\n'
    expect(run(`${service}---\n# nothing\n---\nkind: Odd\n`).output).toBe(
      `${service}---\n# nothing\n---\nkind: Odd\n---\n`,
    )
  })

  it('injects the items of a list, and keeps those of other kinds', () => {
    const items = `- ${DEPLOYMENT.replaceAll('\n', '\n  ').trim()}\n- {apiVersion: v1, kind: Service, spec: {odd: yes}}\n`
    const { output } = run(`apiVersion: v1\nkind: List\nitems:\n${items}`)
    expect(output).toContain('name: istio-proxy')
    expect(output).toContain('odd: true')
  })

  it('reads and writes the metadata of the job template of a CronJob', () => {
    const { output } = run(
      'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec: {containers: [{name: app}]}\n',
    )
    const { spec } = parseYaml(output) as {
      spec: { jobTemplate: { metadata: object; spec: { template: { metadata: object } } } }
    }
    expect(spec.jobTemplate.metadata).toMatchObject({ annotations: { made: 'batch/v1/CronJob/c' } })
    expect(spec.jobTemplate.spec.template.metadata).toEqual({})
  })

  it('says why it skips', () => {
    const skipped = (spec: string, annotation = ''): string | undefined =>
      run(
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ns}\nspec: {template: {metadata: {annotations: {${annotation}}}, spec: {${spec}}}}\n`,
      ).warnings[0]
    expect(skipped('hostNetwork: true')).toBe(
      '===> Skipping injection because Deployment "ns/web" has host networking enabled\n',
    )
    expect(skipped('', 'sidecar.istio.io/inject: "false"')).toBe(
      '===> Skipping injection because Deployment "ns/web" has sidecar injection disabled\n',
    )
  })

  it('refuses what cannot be read or has no pod', () => {
    expect(() => run('a: [')).toThrow('error converting YAML to JSON: yaml:')
    expect(() => run('apiVersion: v1\nkind: Pod\nspec: {containers: 5}\n')).toThrow(
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type []v1.Container',
    )
    expect(() => run('apiVersion: v1\nkind: ReplicationController\n')).toThrow(
      'spec.template is required value',
    )
  })

  it('applies explicit zeros of the annotation to the mesh config itself', () => {
    const pod = (config: string): string =>
      kubeInject(
        `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {proxy.istio.io/config: '${config}'}}\nspec: {containers: [{name: app}]}\n`,
        { settings: makeRevision({ revision: '' }), cluster: CLUSTER, structure: 'refuse' },
      ).output
    expect(pod('statusPort: 15099')).toContain('prometheus.io/port: "15099"')
    expect(() => pod('[1]')).toThrow('could not parse proxy config')
  })

  it('takes a bare template for the config', () => {
    expect(parseYaml(kubeInjectConfig('spec: {{ .x }}'))).toEqual({
      policy: 'enabled',
      templates: { sidecar: 'spec: {{ .x }}' },
    })
    const full = 'templates: {a: b}'
    expect(kubeInjectConfig(full)).toBe(full)
  })
})
