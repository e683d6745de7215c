// Command `tag list`: which revision each tag means, where it is written down, who uses it, and what is wrong with it
// (contract revisions §2.3, §2.4).

import type { NamespaceInfo } from '../../api/mesh.ts'
import { usesTag } from '../../revision/dependants.ts'
import type { TagFacts } from '../../revision/discover.ts'
import type { Json } from '../../std/json.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { table } from '../table.ts'
import type { ClusterFlags } from './flags.ts'
import { readNamespaces, readRevisions } from './read.ts'
import { withCluster } from './session.ts'

export interface TagListFlags extends ClusterFlags {
  readonly output: DataFormat
}

interface TagData {
  readonly tag: string
  readonly revision: string
  /** Namespaces that name the tag; for `default` also those labelled istio-injection=enabled. */
  readonly namespaces: readonly string[]
  readonly webhook: boolean
  readonly service: boolean
  readonly problems: readonly string[]
}

export async function tagListCommand(io: Io, flags: TagListFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const { tags, notes: read } = await readRevisions(session)
    const notes = [...read]
    const namespaces = await readNamespaces(session, notes)
    for (const note of notes) warn(io, note)
    const rows = tags.map((tag) => tagData(tag, namespaces))
    await printData(io, flags.output, rows as unknown as Json, listText(rows))
  })
}

function tagData(tag: TagFacts, namespaces: readonly NamespaceInfo[]): TagData {
  const { name, revision, webhook, service } = tag
  const users = namespaces.filter((namespace) => usesTag(namespace.labels, name)).map((each) => each.name)
  return { tag: name, revision, namespaces: users, webhook, service, problems: problemsOf(tag) }
}

function problemsOf(tag: TagFacts): string[] {
  const { revision, revisions } = tag
  return [
    ...(tag.dangling ? [`revision "${revision}" does not exist`] : []),
    ...(revisions.length > 1 ? [`its objects name different revisions: ${revisions.join(', ')}`] : []),
    // The tag `default` takes the place of the revision that has no name, on purpose.
    ...(tag.shadowsRevision && tag.name !== revision && tag.name !== 'default'
      ? ['a revision has the same name']
      : []),
    ...(tag.webhook ? [] : ['no webhook configuration: it chooses no injector']),
  ]
}

function listText(rows: readonly TagData[]): string {
  if (rows.length === 0) return 'no revision tag was found\n'
  const lines = rows.map((row) => [
    row.tag,
    row.revision,
    row.namespaces.join(',') || '-',
    row.problems.join('; '),
  ])
  return `${table([['TAG', 'REVISION', 'NAMESPACES', 'PROBLEMS'], ...lines]).join('\n')}\n`
}
