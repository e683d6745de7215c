// Kinds of objects and their addresses at the API server. A resource that is not in the table is written out where it is
// used: nothing here depends on which kinds there are.

export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Lower-case plural, as in paths. */
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

function resource(group: string, kind: string, plural: string, namespaced = true): Resource {
  return { group, version: 'v1', plural, kind, namespaced }
}

/** The kinds of Kubernetes that are read or written. */
export const RESOURCE = {
  configMap: resource('', 'ConfigMap', 'configmaps'),
  endpointSlice: resource('discovery.k8s.io', 'EndpointSlice', 'endpointslices'),
  event: resource('', 'Event', 'events'),
  namespace: resource('', 'Namespace', 'namespaces', false),
  node: resource('', 'Node', 'nodes', false),
  pod: resource('', 'Pod', 'pods'),
  secret: resource('', 'Secret', 'secrets'),
  service: resource('', 'Service', 'services'),
  serviceAccount: resource('', 'ServiceAccount', 'serviceaccounts'),
  daemonSet: resource('apps', 'DaemonSet', 'daemonsets'),
  deployment: resource('apps', 'Deployment', 'deployments'),
  replicaSet: resource('apps', 'ReplicaSet', 'replicasets'),
  statefulSet: resource('apps', 'StatefulSet', 'statefulsets'),
  cronJob: resource('batch', 'CronJob', 'cronjobs'),
  job: resource('batch', 'Job', 'jobs'),
  lease: resource('coordination.k8s.io', 'Lease', 'leases'),
  mutatingWebhookConfiguration: resource(
    'admissionregistration.k8s.io',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    false,
  ),
  validatingWebhookConfiguration: resource(
    'admissionregistration.k8s.io',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
} as const satisfies Record<string, Resource>

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`
}

/**
 * Path of an object, or of the collection when `name` is absent; of a namespaced resource without `namespace`, the
 * collection of all namespaces. Names are encoded: no name reaches another path.
 */
export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const { group, version, plural, namespaced } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const scope =
    namespaced && namespace !== undefined && namespace !== '' ? `/namespaces/${segment(namespace)}` : ''
  const object = name === undefined ? '' : `/${segment(name)}`
  return `${root}${scope}/${plural}${object}${subresource === undefined ? '' : `/${subresource}`}`
}

/** `.` and `..` would be taken out of a URL; no Kubernetes name is either. */
function segment(text: string): string {
  return text === '' || /^\.\.?$/.test(text) ? '%00' : encodeURIComponent(text)
}
