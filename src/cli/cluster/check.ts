// Command `check`: everything that is wrong with injection in a cluster, as findings with codes that scripts rely on
// (contract revisions §3.4, §8). Gathers what the judgement in revision/check.ts needs; ends with code 3 when there is a
// warning or an error. Changes nothing.

import type { Pod } from '../../api/kube.ts'
import type { NamespaceInfo } from '../../api/mesh.ts'
import { decide } from '../../injection/decide.ts'
import { systemClock } from '../../kube/clock.ts'
import { type CheckInputs, findings } from '../../revision/check.ts'
import type { CheckedPod } from '../../revision/check-pod.ts'
import { type Configuration, inCallOrder } from '../../revision/configuration.ts'
import type { Finding } from '../../revision/finding.ts'
import { isAdopted } from '../../revision/registrants.ts'
import { type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { judgeBundles, readServed } from './check-certificates.ts'
import { proveEntries } from './check-prove.ts'
import { readCheckedPods, readEndpoints } from './check-read.ts'
import { askReplicas, readOurService } from './check-replicas.ts'
import { type Checked, checkText } from './check-text.ts'
import type { ClusterFlags } from './flags.ts'
import { type Session, withCluster } from './session.ts'
import { type LiveMesh, readMesh } from './snapshot.ts'

export interface CheckFlags extends ClusterFlags {
  readonly output: DataFormat
  readonly revision?: string
}

export async function checkCommand(io: Io, flags: CheckFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const mesh = await readMesh(session)
    const revision = flags.revision === undefined ? undefined : knownRevision(mesh, flags.revision)
    const notes = [...mesh.notes]
    const inputs = await gatherInputs(session, flags, mesh, notes)
    const found = findings(inputs).filter((each) => concerns(each, revision))
    const unique = [...new Set(notes)].sort()
    for (const note of unique) warn(io, note)
    const checked = checkedOf(inputs)
    const data = { findings: found, checked, notes: unique } as unknown as Json
    await printData(io, flags.output, data, checkText(found, checked))
    if (found.some(({ level }) => level !== 'info')) throw new Exit(EXIT.findings)
  })
}

/** The revision that a name or tag means. Throws a ProblemError that lists what there is. */
function knownRevision({ gathered: { discovery } }: LiveMesh, asked: string): string {
  const { revisions, tags } = discovery
  const revision = revisions.find(({ name }) => name === asked) ?? tags.find(({ name }) => name === asked)
  if (revision !== undefined) return 'revision' in revision ? revision.revision : revision.name
  const known = [...revisions, ...tags].map(({ name }) => name).join(', ')
  const message = `there is no revision or tag "${asked}"`
  throw new ProblemError('unknown-revision', message, {}, `known are: ${known || 'none'}`)
}

/** What is about no revision is about all of them. */
function concerns(found: Finding, revision: string | undefined): boolean {
  return revision === undefined || found.revision === undefined || found.revision === revision
}

async function gatherInputs(
  session: Session,
  flags: ClusterFlags,
  mesh: LiveMesh,
  notes: string[],
): Promise<CheckInputs> {
  const { snapshot, gathered, texts } = mesh
  const configurations = inCallOrder(gathered.configurations)
  const namespaces: readonly NamespaceInfo[] = Object.values(snapshot.cluster.namespaces)
  const service = await readOurService(session, configurations, notes)
  const [pods, endpoints, served, replicas, proofs] = await Promise.all([
    readCheckedPods(session, notes),
    readEndpoints(session, configurations, notes),
    service === undefined ? [] : readServed(session, service, notes),
    service === undefined ? [] : askReplicas(session, service, [...texts.keys()], notes),
    proveEntries(session, flags, { configurations, namespaces }, notes),
  ])
  const now = systemClock.wall()
  return {
    now,
    configurations,
    discovery: gathered.discovery,
    namespaces,
    pods,
    decide: (pod, revision) => decided(mesh, pod, revision),
    endpoints,
    certificates: served.map(({ facts }) => facts),
    bundles: judgeBundles(configurations, served, now),
    settings: settingsOf(mesh),
    replicas,
    proofs,
  }
}

/** The injector's own rules, by the settings of the revision. */
function decided({ snapshot }: LiveMesh, pod: CheckedPod, revision: string): boolean | undefined {
  const settings = own(snapshot.revisions, revision)?.settings
  if (settings === undefined) return undefined
  const { namespace, labels, annotations, hostNetwork } = pod
  const asked = { metadata: { namespace, labels, annotations }, spec: { hostNetwork } } as unknown as Pod
  return decide({ pod: asked, namespace, config: settings.config, release: settings.release }).inject
}

/** Of revisions whose settings could be read. While istiod alone injects it is its affair that there are none. */
function settingsOf({ snapshot, gathered }: LiveMesh): CheckInputs['settings'] {
  const silent = isAdopted(gathered.configurations) ? ['io'] : ['io', 'not-found']
  return new Map(
    Object.entries(snapshot.revisions)
      .filter(([, { problem }]) => problem === undefined || !silent.includes(problem.code))
      .map(([name, { settings, problem }]) => [name, { hash: settings?.hash, problem: problem?.message }]),
  )
}

function checkedOf({ configurations, namespaces, pods, replicas, proofs }: CheckInputs): Checked {
  const live = (all: readonly Configuration[]): number =>
    all.flatMap(({ entries }) => entries.filter((entry) => entry.live && entry.of !== undefined)).length
  return {
    entries: live(configurations),
    proofs: proofs.length,
    replicas: replicas.length,
    namespaces: namespaces.length,
    pods: pods.filter(({ kind, finished }) => kind === 'Pod' && !finished).length,
  }
}
