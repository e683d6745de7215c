// Command `tag remove`: everything that carries a tag goes, after a question when namespaces, pods or Gateways use it
// (contract revisions §2.3, §2.4): their new pods would come without a sidecar.

import type { Dependants } from '../../revision/dependants.ts'
import { planTagRemove } from '../../revision/tag.ts'
import type { TagStep } from '../../revision/tag-steps.ts'
import type { Json } from '../../std/json.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { confirm } from './confirm.ts'
import type { ClusterFlags } from './flags.ts'
import { withCluster } from './session.ts'
import { executeTagSteps } from './tag-execute.ts'
import { dependantLines, readDependants, readTagCluster } from './tag-read.ts'

export interface TagRemoveFlags extends ClusterFlags {
  readonly output: DataFormat
  readonly skipConfirmation?: boolean
  readonly dryRun?: boolean
}

export async function tagRemoveCommand(io: Io, tag: string, flags: TagRemoveFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const { cluster, revisions } = await readTagCluster(session)
    const steps = planTagRemove(cluster, tag)
    const notes = [...revisions.notes]
    const dependants = await readDependants(session, tag, notes)
    for (const note of notes) warn(io, note)
    const text = flags.output === 'text'
    if (text) io.stdout.write(planText(steps))
    let done = false
    try {
      await consent(io, tag, dependants, flags)
      if (flags.dryRun !== true) {
        await executeTagSteps(session, steps, 0)
        done = true
      }
    } finally {
      if (!text) await printData(io, flags.output, report(tag, dependants, steps, done), '')
    }
    if (text && done) io.stdout.write(`revision tag "${tag}" is removed\n`)
  })
}

async function consent(
  io: Io,
  tag: string,
  dependants: Dependants,
  { skipConfirmation, dryRun }: TagRemoveFlags,
): Promise<void> {
  const users = dependantLines(dependants)
  if (users.length === 0) return
  const whose = `these use tag "${tag}", and nothing injects their new pods without it:`
  io.stderr.write(`${[whose, ...users].join('\n')}\n`)
  if (skipConfirmation === true || dryRun === true) return
  await confirm(io, 'remove the tag all the same?', '--skip-confirmation')
}

function planText(steps: readonly TagStep[]): string {
  return `${['plan:', ...steps.map(({ text }, index) => `  ${index + 1}. ${text}`)].join('\n')}\n`
}

function report(tag: string, dependants: Dependants, steps: readonly TagStep[], done: boolean): Json {
  const told = steps.map(({ kind, text }) => ({ kind, text }))
  return { tag, dependants, steps: told, done } as unknown as Json
}
