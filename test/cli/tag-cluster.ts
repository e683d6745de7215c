// What tests of `remora tag` find: two revisions of Istio that are ready, namespaces and pods that use a tag `prod`.

export const TAG_OBJECTS = `
kind: Namespace
metadata: {name: default}
---
kind: Service
metadata: {name: remora-injector, namespace: remora-system}
spec: {selector: {app: remora}, ports: [{port: 443, targetPort: 15017}]}
---
kind: EndpointSlice
metadata: {name: remora-x, namespace: remora-system, labels: {kubernetes.io/service-name: remora-injector}}
endpoints: [{addresses: [10.0.0.8]}]
---
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Namespace
metadata: {name: bank, labels: {istio.io/rev: prod}}
---
kind: Pod
metadata: {name: till, namespace: default, labels: {istio.io/rev: prod}}
---
kind: Pod
metadata: {name: done, namespace: default, labels: {istio.io/rev: prod}}
status: {phase: Succeeded}
${['', '-canary']
  .map((suffix) => {
    const labels = `{app: istiod, istio.io/rev: ${suffix === '' ? 'default' : 'canary'}}`
    return `---
kind: ConfigMap
metadata: {name: istio-sidecar-injector${suffix}, namespace: istio-system, labels: ${labels}}
---
kind: Service
metadata: {name: istiod${suffix}, namespace: istio-system, labels: ${labels}}
spec: {selector: ${labels}, clusterIP: 10.0.0.1, ports: [{name: https-webhook, port: 443, targetPort: 15017}]}
---
kind: Deployment
metadata: {name: istiod${suffix}, namespace: istio-system, labels: ${labels}}
spec: {template: {spec: {containers: [{name: discovery, image: "pilot:1.30.3"}]}}}
status: {availableReplicas: 1}
---
kind: EndpointSlice
metadata: {name: istiod${suffix}-x, namespace: istio-system, labels: {kubernetes.io/service-name: istiod${suffix}}}
endpoints: [{addresses: [10.0.0.9], conditions: {ready: true}}]
ports: [{name: https-webhook, port: 15017}]
`
  })
  .join('')}`
