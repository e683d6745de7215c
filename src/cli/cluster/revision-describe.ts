// Command `revision describe`: everything a cluster holds of one revision, named by itself or by a tag: control plane,
// tags, webhook entries with who answers them, namespaces and what runs in them.

import { objectField } from '../../revision/configuration.ts'
import { configMapNames } from '../../revision/control-plane.ts'
import { Router } from '../../revision/router.ts'
import type { Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { count, table } from '../table.ts'
import { askOf, takersOf } from './calls.ts'
import type { ClusterFlags } from './flags.ts'
import { countsOf } from './pods.ts'
import { readNamespaces, readPods, readRevisions } from './read.ts'
import {
  type Cluster,
  injectorName,
  proxyCount,
  type RevisionData,
  revisionData,
  standsFor,
} from './revision-data.ts'
import { defaultLines, planeText } from './revision-list.ts'
import { withCluster } from './session.ts'

export interface RevisionDescribeFlags extends ClusterFlags {
  readonly output: DataFormat
}

interface EntryData {
  readonly configuration: string
  readonly entry: string
  readonly injector: 'remora' | 'istiod'
  readonly live: boolean
  readonly caBundle: boolean
  readonly target: string
  readonly failurePolicy: string
}

interface NamespaceData {
  readonly name: string
  /** The labels that choose. */
  readonly labels: string
  /** What a new pod without labels of its own gets; more than one is a conflict. */
  readonly newPods: readonly string[]
  /** Running pods by revision of their sidecar; none under the empty name. */
  readonly pods: Readonly<Record<string, number>>
}

export interface Description extends RevisionData {
  readonly controlPlane: readonly {
    readonly deployment: string
    readonly image: string
    readonly ready: boolean
  }[]
  readonly configMap: string | undefined
  readonly entries: readonly EntryData[]
  readonly inNamespaces: readonly NamespaceData[]
}

export async function revisionDescribeCommand(
  io: Io,
  name: string,
  flags: RevisionDescribeFlags,
): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const revisions = await readRevisions(session)
    const notes = [...revisions.notes]
    const namespaces = await readNamespaces(session, notes)
    const pods = await readPods(session, notes)
    for (const note of notes) warn(io, note)
    const data = describe({ revisions, namespaces, pods }, name, flags.istioNamespace)
    const text = [...descriptionLines(data), '', ...defaultLines(revisions.defaults)]
    await printData(io, flags.output, data as unknown as Json, `${text.join('\n')}\n`)
  })
}

/** Throws a ProblemError that lists what there is. */
function describe(cluster: Cluster, asked: string, istioNamespace: string): Description {
  const { revisions } = cluster
  const all = revisionData(cluster)
  const tag = revisions.tags.find((each) => each.name === asked)
  const found = all.find(({ name }) => name === asked) ?? all.find(({ name }) => name === tag?.revision)
  if (found === undefined) {
    const known = [...all.map(({ name }) => name), ...revisions.tags.map((each) => each.name)]
    const message =
      tag === undefined ? `there is no revision or tag "${asked}"` : danglingText(asked, tag.revision)
    throw new ProblemError('unknown-revision', message, {}, `known are: ${known.join(', ') || 'none'}`)
  }
  const { deployments, configMaps } = revisions.objects
  const injector = configMapNames(found.name).injector
  const mine = deployments.filter(({ labels }) => labels['istio.io/rev'] === found.name)
  return {
    ...found,
    controlPlane: mine.map(({ name, image, ready }) => ({
      deployment: `${istioNamespace}/${name}`,
      image,
      ready,
    })),
    configMap: configMaps.some(({ name }) => name === injector) ? `${istioNamespace}/${injector}` : undefined,
    entries: entriesOf(cluster, found.name),
    inNamespaces: namespacesOf(cluster, found),
  }
}

function danglingText(tag: string, revision: string): string {
  return `tag "${tag}" names revision "${revision}", which does not exist`
}

function entriesOf({ revisions }: Cluster, name: string): EntryData[] {
  return revisions.configurations.flatMap((configuration) =>
    configuration.entries
      .filter(({ of }) => standsFor(of, name, revisions.tags))
      .map((entry) => ({
        configuration: configuration.name,
        entry: entry.name,
        injector: injectorName(configuration),
        live: entry.live,
        caBundle: entry.caBundle !== '',
        target: targetText(entry.target, objectField(objectField(entry.raw, 'clientConfig'), 'service')),
        failurePolicy: String(entry.raw['failurePolicy'] ?? 'Fail'),
      })),
  )
}

function targetText(target: string, service: Readonly<Record<string, Json>>): string {
  const path = service['path']
  return `${target}${typeof path === 'string' ? path : ''}`
}

function namespacesOf({ revisions, namespaces, pods }: Cluster, data: RevisionData): NamespaceData[] {
  const router = new Router(revisions.configurations)
  const byNamespace = Map.groupBy(
    pods.filter(({ finished }) => !finished),
    (pod) => pod.namespace,
  )
  return namespaces.flatMap((namespace) => {
    const newPods = takersOf(router, revisions.tags, namespace)
    const here = byNamespace.get(namespace.name) ?? []
    const running = countsOf(here.map(({ proxy }) => proxy?.revision ?? ''))
    if (!newPods.includes(data.name) && !Object.hasOwn(running, data.name)) return []
    const labels = askOf(namespace.labels)
    return [{ name: namespace.name, labels, newPods, pods: running }]
  })
}

function descriptionLines(data: Description): string[] {
  const versions = Object.entries(data.proxies).map(([version, number]) => `${version} (${number})`)
  const planes = data.controlPlane.map(
    ({ deployment, image, ready }) => `${deployment}, ${image}${ready ? '' : ', not ready'}`,
  )
  const facts = [
    ['revision:', data.name],
    ['control plane:', [planeText(data), ...planes].join('; ')],
    ['settings:', data.configMap === undefined ? 'none' : `ConfigMap ${data.configMap}`],
    ['tags:', data.tags.join(', ') || 'none'],
    ['default for:', data.defaultFor.join(', ') || 'nothing'],
    ['injected by:', data.injectors.join(', ') || 'nobody'],
    ['proxies:', `${proxyCount(data)}${versions.length === 0 ? '' : `: ${versions.join(', ')}`}`],
  ]
  const entries = data.entries.map((each) => [
    each.configuration,
    each.entry,
    each.injector,
    each.live ? 'live' : 'deactivated',
    each.caBundle ? 'set' : 'empty',
    each.failurePolicy,
    each.target,
  ])
  const namespaces = data.inNamespaces.map((each) => [
    each.name,
    each.labels || '-',
    each.newPods.join(' and ') || 'no sidecar',
    podsText(each.pods),
  ])
  const entryHeader = ['CONFIGURATION', 'ENTRY', 'INJECTOR', 'STATE', 'CABUNDLE', 'ON FAILURE', 'TARGET']
  return [
    ...table(facts),
    '',
    ...(entries.length === 0 ? ['no webhook entry'] : table([entryHeader, ...entries])),
    '',
    ...(namespaces.length === 0
      ? ['no namespace']
      : table([['NAMESPACE', 'LABELS', 'NEW PODS GET', 'RUNNING PODS'], ...namespaces])),
  ]
}

function podsText(pods: NamespaceData['pods']): string {
  const parts = Object.entries(pods).map(([revision, number]) =>
    revision === '' ? `${number} without` : `${number} of ${revision}`,
  )
  return parts.join(', ') || count(0, 'pod')
}
