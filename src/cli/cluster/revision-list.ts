// Command `revision list`: one line a revision, and the answers to the three questions that are all called "the default".

import type { Json } from '../../std/json.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { table } from '../table.ts'
import type { ClusterFlags } from './flags.ts'
import { type Revisions, readNamespaces, readPods, readRevisions } from './read.ts'
import { proxyCount, type RevisionData, revisionData } from './revision-data.ts'
import { withCluster } from './session.ts'

export interface RevisionListFlags extends ClusterFlags {
  readonly output: DataFormat
}

export async function revisionListCommand(io: Io, flags: RevisionListFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const revisions = await readRevisions(session)
    const notes = [...revisions.notes]
    const namespaces = await readNamespaces(session, notes)
    const pods = await readPods(session, notes)
    for (const note of notes) warn(io, note)
    const rows = revisionData({ revisions, namespaces, pods })
    const { defaults } = revisions
    const data = { revisions: rows, defaults }
    await printData(io, flags.output, data as unknown as Json, listText(rows, defaults))
  })
}

const none = (text: string): string => text || '-'

function listText(rows: readonly RevisionData[], defaults: Revisions['defaults']): string {
  if (rows.length === 0) return 'no revision of Istio was found\n'
  const header = [
    'REVISION',
    'TAGS',
    'VERSION',
    'CONTROL PLANE',
    'INJECTED BY',
    'DEFAULT FOR',
    'NAMESPACES',
    'PROXIES',
  ]
  const lines = rows.map((row) => [
    row.name,
    none(row.tags.join(',')),
    none(row.versions.join(',')),
    planeText(row),
    none(row.injectors.join(',')),
    none(row.defaultFor.join(',')),
    String(row.namespaces.length),
    String(proxyCount(row)),
  ])
  return `${[...table([header, ...lines]), '', ...defaultLines(defaults)].join('\n')}\n`
}

export function planeText({ kind, ready }: RevisionData): string {
  if (kind === 'gone' || kind === 'remote') return kind
  const state = ready ? 'ready' : 'not ready'
  return kind === 'complete' ? state : `${state}, no webhook`
}

/** The three answers, one a line, and a warning where they differ. */
export function defaultLines({ injection, election, gateways, disagree }: Revisions['defaults']): string[] {
  const injectors = injection.map(
    ({ revision, configuration }) => `${revision || 'an unknown revision'} (${configuration})`,
  )
  return [
    `default for istio-injection=enabled: ${injectors.join(', ') || 'none'}`,
    `default for elections and istioctl: ${election ?? 'none'}`,
    `default for Gateways: ${gateways ?? 'none'}`,
    ...(disagree ? ['warning: the defaults differ'] : []),
  ]
}
