// Command `version`: of this program, of the control planes, and of the proxies that run (contract revisions §6). The
// cluster is asked only where there is one to ask; without it, or with --client, the program speaks of itself alone.

import { LABEL } from '../../api/names.ts'
import { NEWEST } from '../../api/release.ts'
import { kubeconfigFiles } from '../../kube/kubeconfig.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import { type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { count } from '../table.ts'
import { version } from '../version.ts'
import type { ClusterFlags } from './flags.ts'
import { countsOf, type PodFacts } from './pods.ts'
import { readPods, readRevisions } from './read.ts'
import { withCluster } from './session.ts'

export interface VersionFlags extends ClusterFlags {
  readonly output: DataFormat
  readonly client?: boolean
}

interface ClientVersion {
  readonly version: string
  readonly node: string
  /** The newest release of Istio whose rules it knows. */
  readonly istio: string
}

interface ClusterVersions {
  readonly controlPlanes: readonly {
    revision: string
    /** As its objects say. */
    versions: readonly string[]
    /** Pods by version. */
    running: Readonly<Record<string, number>>
    ready: boolean
  }[]
  readonly dataPlane: readonly { version: string; revision: string; proxies: number }[]
}

export async function versionCommand(io: Io, flags: VersionFlags): Promise<void> {
  const client = { version: version(), node: process.version, istio: `${NEWEST.major}.${NEWEST.minor}` }
  const print = (cluster?: ClusterVersions): Promise<void> => {
    const text = [...clientLines(client), ...(cluster === undefined ? [] : clusterLines(cluster))]
    return printData(io, flags.output, { ...client, ...cluster } as unknown as Json, `${text.join('\n')}\n`)
  }
  if (!wantsCluster(io, flags)) return print()
  try {
    return await print(await clusterVersions(io, flags))
  } catch (error) {
    // What this program is needs no cluster to be told.
    if (error instanceof ProblemError && error.code !== 'usage') await print()
    throw error
  }
}

function wantsCluster(io: Io, flags: VersionFlags): boolean {
  if (flags.client === true) return false
  if (flags.kubeconfig !== undefined || flags.context !== undefined) return true
  return kubeconfigFiles({ env: io.env, cwd: io.cwd }).length > 0
}

function clusterVersions(io: Io, flags: VersionFlags): Promise<ClusterVersions> {
  return withCluster(io, flags, async (session) => {
    const revisions = await readRevisions(session)
    const notes = [...revisions.notes]
    const pods = await readPods(session, notes)
    for (const note of notes) warn(io, note)
    return {
      controlPlanes: revisions.revisions
        .filter(({ deployment }) => deployment)
        .map(({ name, versions, ready }) => ({
          revision: name,
          versions,
          running: countsOf(istiods(pods, name)),
          ready,
        })),
      dataPlane: proxiesByVersion(pods),
    }
  })
}

function istiods(pods: readonly PodFacts[], revision: string): string[] {
  return pods
    .filter(({ labels, finished }) => !finished && own(labels, LABEL.revision) === revision)
    .map(({ istiod }) => istiod)
    .filter((found) => found !== undefined)
}

function proxiesByVersion(pods: readonly PodFacts[]): ClusterVersions['dataPlane'] {
  const rows = new Map<string, { version: string; revision: string; proxies: number }>()
  for (const { proxy, finished } of pods) {
    if (proxy === undefined || finished) continue
    const key = `${proxy.version} ${proxy.revision}`
    const row = rows.get(key) ?? { version: proxy.version, revision: proxy.revision, proxies: 0 }
    rows.set(key, { ...row, proxies: row.proxies + 1 })
  }
  return [...rows].sort(([a], [b]) => compareGoStrings(a, b)).map(([, row]) => row)
}

function clientLines(client: ClientVersion): string[] {
  return [`remora ${client.version}`, `node ${client.node}`, `newest Istio rules: ${client.istio}`]
}

function clusterLines({ controlPlanes, dataPlane }: ClusterVersions): string[] {
  const planes = controlPlanes.map(({ revision, versions, running, ready }) => {
    const pods = Object.entries(running).map(([each, number]) => `${each} (${count(number, 'pod')})`)
    const shown = pods.length > 0 ? pods : versions
    return `control plane ${revision}: ${shown.join(', ') || 'version unknown'}${ready ? '' : ', not ready'}`
  })
  const proxies = dataPlane.map(({ version: of, revision, proxies: number }) => {
    const whose = revision === '' ? '' : ` of ${revision}`
    return `${of || 'version unknown'} (${number} ${number === 1 ? 'proxy' : 'proxies'}${whose})`
  })
  return [
    ...(planes.length === 0 ? ['control plane: none'] : planes),
    `data plane: ${proxies.join(', ') || 'no proxies'}`,
  ]
}
