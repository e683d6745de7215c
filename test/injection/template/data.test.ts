// What templates see of a pod and of the mesh configuration: fields, methods, nil and zero values, printed forms, and
// what Go would refuse. Every case is a template over one frozen pod.

import { describe, expect, it } from 'vitest'
import { NEWEST, type Release } from '../../../src/api/release.ts'
import { parseTemplate } from '../../../src/gotemplate/template.ts'
import { type TemplateDataInput, templateData } from '../../../src/injection/template/data.ts'
import { templateFuncs } from '../../../src/injection/template/funcs.ts'
import { applyMeshConfig, defaultMeshConfig } from '../../../src/mesh/meshconfig.ts'
import { applyProxyConfig, defaultProxyConfig } from '../../../src/mesh/proxyconfig.ts'
import { deepFreeze } from '../../../src/std/json.ts'

const INPUT: TemplateDataInput = deepFreeze({
  pod: {
    metadata: {
      name: 'p',
      namespace: 'ns',
      labels: { app: 'a', constructor: 'c' },
      creationTimestamp: '2024-01-02T03:04:05Z',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u' }],
      generation: 3,
    },
    spec: {
      containers: [
        {
          name: 'app',
          securityContext: { runAsUser: 1000, runAsNonRoot: false },
          resources: { limits: { cpu: '500m' } },
          readinessProbe: { httpGet: { port: 'http' } },
          livenessProbe: { tcpSocket: { port: 80 } },
          env: [{ name: 'E', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }],
        },
        { name: 'side' },
      ],
      volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }, { name: 'w' }],
      nodeSelector: { z: '1', a: '2' },
      restartPolicy: 'Always',
    },
  },
  typeMeta: { kind: 'Deployment', apiVersion: 'apps/v1' },
  deploymentMeta: { name: 'd', namespace: 'ns' },
  values: { global: { hub: 'h', port: 15020 } },
  mesh: applyMeshConfig(defaultMeshConfig(), 'trustDomain: td\ninboundTrafficPolicy: {mode: LOCALHOST}\n'),
  proxyConfig: applyProxyConfig(
    defaultProxyConfig(),
    'concurrency: 0\ninterceptionMode: TPROXY\ntracing: {zipkin: {address: "z:1"}, sampling: 12.5}\nproxyMetadata: {B: "2", A: "1"}\nimage: {imageType: debug}\n',
  ),
  revision: 'canary',
  nativeSidecars: true,
  proxyImage: 'image',
  proxyUID: 1337,
  proxyGID: 1338,
  inboundTrafficPolicyMode: 'localhost',
  compliancePolicy: '',
  release: NEWEST,
})

function render(text: string, release: Release = NEWEST): string {
  const template = parseTemplate('inject', text, templateFuncs({}, release))
  return template.execute(templateData({ ...INPUT, release })).text
}

const FIRST = '(index .Spec.Containers 0)'
const SECOND = '(index .Spec.Containers 1)'

describe('fields and methods', () => {
  const table: [template: string, output: string][] = [
    ['{{.ObjectMeta.Name}} {{.ObjectMeta.GenerateName}}|{{.ObjectMeta.Generation}}', 'p |3'],
    ['{{.ObjectMeta.Labels.app}} {{.ObjectMeta.Labels.missing}}', 'a <no value>'],
    ['{{index .ObjectMeta.Labels "constructor"}} {{index .ObjectMeta.Labels "toString"}}|', 'c |'],
    ['{{.ObjectMeta.GetName}} {{.ObjectMeta.GetLabels}}', 'p map[app:a constructor:c]'],
    ['{{.TypeMeta.Kind}} {{.DeploymentMeta.Name}} {{.DeploymentMeta}}', 'Deployment d ns/d'],
    ['{{range .Spec.Containers}}{{.Name}} {{end}}', 'app side '],
    [`{{${FIRST}.SecurityContext.RunAsUser}} {{${FIRST}.SecurityContext.RunAsNonRoot}}`, '1000 false'],
    [`{{if ${FIRST}.SecurityContext.RunAsNonRoot}}set{{end}}`, 'set'],
    [`{{with ${SECOND}.SecurityContext}}set{{else}}unset{{end}}`, 'unset'],
    [
      `{{${FIRST}.ReadinessProbe.HTTPGet.Port}} {{${FIRST}.LivenessProbe.TCPSocket.Port.IntValue}}`,
      'http 80',
    ],
    [
      `{{${FIRST}.ReadinessProbe.HTTPGet.Port.StrVal}} {{${FIRST}.ReadinessProbe.HTTPGet.Port.Type}}`,
      'http 1',
    ],
    [`{{${FIRST}.Resources.Limits.Cpu}} {{${SECOND}.Resources.Limits.Memory.Value}}`, '500m 0'],
    ['{{(index .Spec.Volumes 0).EmptyDir.SizeLimit.Value}}', '1073741824'],
    ['{{eq .Spec.RestartPolicy "Always"}}', 'true'],
    ['{{.ObjectMeta.CreationTimestamp.Year}} {{.ObjectMeta.DeletionTimestamp}}', '2024 <nil>'],
    [
      '{{quote .ObjectMeta.CreationTimestamp}} {{squote .ObjectMeta.DeletionTimestamp}} {{cat .ObjectMeta.DeletionTimestamp}}',
      `"2024-01-02 03:04:05 +0000 UTC" '<nil>' <nil>`,
    ],
    [
      `{{quote .Spec.ActiveDeadlineSeconds .ProxyConfig.HoldApplicationUntilProxyStarts}} {{toString ${SECOND}.SecurityContext}}`,
      '"<nil>" "<nil>" nil',
    ],
    [
      `{{int ${FIRST}.SecurityContext.RunAsUser}} {{add ${FIRST}.SecurityContext.RunAsUser .ObjectMeta.Generation}} {{float64 ${SECOND}.SecurityContext}}`,
      '1000 1003 0',
    ],
    ['{{.Values.global.hub}} {{.Values.global.port}}', 'h 15020'],
    [
      '{{.Revision}} {{.NativeSidecars}} {{.ProxyUID}} {{.ProxyGID}} {{.ProxyImage}}',
      'canary true 1337 1338 image',
    ],
    [
      '{{typeOf .Spec}} {{typeOf .ProxyConfig}} {{typeOf .}}',
      'v1.PodSpec *v1alpha1.ProxyConfig *inject.SidecarTemplateData',
    ],
  ]
  for (const [template, output] of table) {
    it(template, () => {
      expect(render(template)).toBe(output)
    })
  }
})

describe('messages', () => {
  const table: [template: string, output: string][] = [
    [
      '{{with .ProxyConfig.InterceptionMode}}{{int .}} {{int64 .}} {{float64 .}} {{add . 4}} {{quote .}} {{cat .}} {{toJson .}}{{end}}',
      '1 1 1 5 "TPROXY" TPROXY 1',
    ],
    [
      '{{.ProxyConfig.InterceptionMode}} {{.ProxyConfig.InterceptionMode.String}} {{.ProxyConfig.StatusPort}}',
      'TPROXY TPROXY 15020',
    ],
    ['{{.ProxyConfig.Concurrency.GetValue}} {{.ProxyConfig.Concurrency.Value}}', '0 0'],
    [
      '{{.ProxyConfig.HoldApplicationUntilProxyStarts}} {{.ProxyConfig.HoldApplicationUntilProxyStarts.GetValue}}',
      '<nil> false',
    ],
    ['{{.ProxyConfig.Tracing.GetZipkin.Address}} {{.ProxyConfig.Tracing.Sampling}}', 'z:1 12.5'],
    ['{{.ProxyConfig.GetTracing.GetTlsSettings.GetCaCertificates}}|', '|'],
    ['{{.ProxyConfig.Tracing}}', 'zipkin:{address:"z:1"} sampling:12.5'],
    ['{{.ProxyConfig.Tracing.Tracer.Zipkin.Address}}', 'z:1'],
    [
      '{{.ProxyConfig.ProxyMetadata}} {{range $k, $v := .ProxyConfig.ProxyMetadata}}{{$k}}{{$v}}{{end}}',
      'map[A:1 B:2] A1B2',
    ],
    ['{{.ProxyConfig.GetServiceCluster}} {{.ProxyConfig.Image.GetImageType}}', 'istio-proxy debug'],
    ['{{.ProxyConfig.TerminationDrainDuration.AsDuration}} {{.ProxyConfig.DrainDuration.Seconds}}', '5s 45'],
    [
      '{{.MeshConfig.TrustDomain}} {{.MeshConfig.InboundTrafficPolicy.Mode}} {{.MeshConfig.EnableAutoMtls.Value}}',
      'td LOCALHOST true',
    ],
    ['{{(index .MeshConfig.ExtensionProviders 0).Name}}', 'prometheus'],
    ['{{structToJSON .ProxyConfig.Image}}', '{"imageType":"debug"}'],
  ]
  for (const [template, output] of table) {
    it(template, () => {
      expect(render(template)).toBe(output)
    })
  }
})

describe('printed structs', () => {
  const table: [name: string, template: string, output: string][] = [
    [
      'a pointer prints by its method',
      '{{(index .Spec.Volumes 0).EmptyDir}}',
      '&EmptyDirVolumeSource{Medium:,SizeLimit:1Gi,}',
    ],
    ['a nil pointer is nil', '{{(index .Spec.Volumes 1).EmptyDir}}', 'nil'],
    [
      'a field is printed in place',
      `{{${SECOND}.Resources}}`,
      '&ResourceRequirements{Limits:ResourceList{},Requests:ResourceList{},Claims:[]ResourceClaim{},}',
    ],
    ['an argument is a copy', `{{printf "%v" ${FIRST}.LivenessProbe.TCPSocket.Port}}`, '{0 80 }'],
    [
      'elements of a list are copies',
      '{{.ObjectMeta.OwnerReferences}}',
      '[{apps/v1 ReplicaSet rs u <nil> <nil>}]',
    ],
    [
      'an element by itself is not',
      '{{index .ObjectMeta.OwnerReferences 0}}',
      '&OwnerReference{Kind:ReplicaSet,Name:rs,UID:u,APIVersion:apps/v1,Controller:nil,BlockOwnerDeletion:nil,}',
    ],
    [
      'entries of a map are copies',
      `{{${FIRST}.Resources.Limits}}`,
      'map[cpu:{{500 -3} {<nil>} 500m DecimalSI}]',
    ],
    [
      'scalar pointers have a star',
      `{{regexFind "RunAsUser:[^,]*" (printf "%s" ${FIRST}.SecurityContext)}}`,
      'RunAsUser:*1000',
    ],
    [
      'quantities inside are copies',
      `{{(index ${FIRST}.Env 0).ValueFrom.ResourceFieldRef}}`,
      '&ResourceFieldSelector{ContainerName:,Resource:limits.cpu,Divisor:{{1 -3} {<nil>} 1m DecimalSI},}',
    ],
    ['times print in UTC', '{{.ObjectMeta.CreationTimestamp}}', '2024-01-02 03:04:05 +0000 UTC'],
    [
      "JSON has Kubernetes' order",
      '{{structToJSON (index .Spec.Volumes 0)}}',
      '{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}',
    ],
  ]
  for (const [name, template, output] of table) {
    it(name, () => {
      expect(render(template)).toBe(output)
    })
  }
})

describe('what Go refuses', () => {
  const table: [template: string, message: string][] = [
    ['{{.Missing}}', "can't evaluate field Missing in type *inject.SidecarTemplateData"],
    ['{{.ObjectMeta.labels}}', "can't evaluate field labels in type v1.ObjectMeta"],
    [`{{${SECOND}.SecurityContext.RunAsUser}}`, 'nil pointer evaluating *v1.SecurityContext.RunAsUser'],
    ['{{.ProxyConfig.ServiceCluster}}', "can't evaluate field ServiceCluster in type *v1alpha1.ProxyConfig"],
    [
      '{{.ProxyConfig.HoldApplicationUntilProxyStarts.Value}}',
      'nil pointer evaluating *wrapperspb.BoolValue.Value',
    ],
    [
      `{{range ${FIRST}.Resources.Limits}}{{.String}}{{end}}`,
      "can't evaluate field String in type resource.Quantity",
    ],
    ['{{quote .ObjectMeta.DeletionTimestamp}}', 'error calling quote: runtime error: invalid memory address'],
    ['{{toString .ObjectMeta.DeletionTimestamp}}', 'error calling toString: runtime error: invalid memory'],
    ['{{join "," (list "a" .ObjectMeta.DeletionTimestamp)}}', 'error calling join: runtime error: invalid'],
    [`{{eq ${FIRST}.SecurityContext.RunAsUser 1000}}`, 'incompatible types for comparison: *int64 and int'],
  ]
  for (const [template, message] of table) {
    it(template, () => {
      expect(() => render(template)).toThrow(message)
    })
  }
})

describe('releases', () => {
  const V120: Release = { major: 1, minor: 20 }
  const V121: Release = { major: 1, minor: 21 }
  const V126: Release = { major: 1, minor: 26 }

  it('up to 1.21 the workload has the metadata of the pod', () => {
    expect(
      render(
        '{{.DeploymentMeta.Name}} {{.DeploymentMeta.Labels.app}} {{len .DeploymentMeta.OwnerReferences}}',
        V121,
      ),
    ).toBe('d a 0')
    expect(() => render('{{.DeploymentMeta.Labels}}')).toThrow(
      "can't evaluate field Labels in type types.NamespacedName",
    )
  })

  it('fields exist from their release on', () => {
    expect(render('{{.InboundTrafficPolicyMode}}', V126)).toBe('localhost')
    expect(() => render('{{.NativeSidecars}}', V126)).toThrow("can't evaluate field NativeSidecars")
    expect(() => render('{{.CompliancePolicy}}', V120)).toThrow("can't evaluate field CompliancePolicy")
  })

  it('fields of messages too', () => {
    expect(render('{{.ProxyConfig.FileFlushMinSizeKb}}')).toBe('0')
    expect(() => render('{{.ProxyConfig.FileFlushMinSizeKb}}', V126)).toThrow(
      "can't evaluate field FileFlushMinSizeKb",
    )
  })
})
