// The commands that work on a live cluster, as part of the command tree: names, flags, help and examples.
// The commands themselves are imported when they run.

import { type Command, InvalidArgumentError } from 'commander'
import { dataFormatOption, example } from '../flags.ts'
import type { Io } from '../io.ts'
import type { AdoptFlags } from './adopt.ts'
import { addClusterFlags } from './flags.ts'
import type { RevisionDescribeFlags } from './revision-describe.ts'
import type { RevisionListFlags } from './revision-list.ts'
import type { TagListFlags } from './tag-list.ts'
import type { VersionFlags } from './version.ts'

export function addClusterCommands(program: Command, io: Io): void {
  addRevision(program, io)
  addTag(program, io)
  addVersion(program, io)
  addAdopt(program, io)
}

function addRevision(program: Command, io: Io): void {
  const revision = program.command('revision').description('show the revisions of Istio in a cluster')
  addClusterFlags(
    revision
      .command('list')
      .description('list revisions: control planes, tags, the three defaults, namespaces and proxies')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora revision list'))
    .action(async (flags: RevisionListFlags) =>
      (await import('./revision-list.ts')).revisionListCommand(io, flags),
    )
  addClusterFlags(
    revision
      .command('describe')
      .description('show all that a cluster holds of one revision')
      .argument('<name>', 'a revision, or a tag')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora revision describe default'))
    .action(async (name: string, flags: RevisionDescribeFlags) =>
      (await import('./revision-describe.ts')).revisionDescribeCommand(io, name, flags),
    )
}

function addTag(program: Command, io: Io): void {
  const tag = program.command('tag').description('show and change the revision tags of a cluster')
  addClusterFlags(
    tag
      .command('list')
      .alias('show')
      .description('list tags: the revision each one means, the namespaces that use it, and what is wrong')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora tag list'))
    .action(async (flags: TagListFlags) => (await import('./tag-list.ts')).tagListCommand(io, flags))
}

function addVersion(program: Command, io: Io): void {
  addClusterFlags(
    program
      .command('version')
      .description('print the versions of remora, of the control planes, and of the proxies that run')
      .option('--client', 'ask no cluster')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora version', 'remora version --client -o json'))
    .action(async (flags: VersionFlags) => (await import('./version.ts')).versionCommand(io, flags))
}

function addAdopt(program: Command, io: Io): void {
  addClusterFlags(
    program
      .command('adopt')
      .description(
        'take injection over from istiod, or hand it back, with no pod in between without a sidecar',
      )
      .option('-r, --revision <name>', 'only this revision and its tags (default: all)')
      .option('--undo', 'hand injection back to istiod')
      .option('--dry-run', 'print the plan, change nothing')
      .option('--timeout <seconds>', 'how long remora may take to write its entries', seconds, 60)
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora adopt --dry-run', 'remora adopt', 'remora adopt --undo'))
    .action(async (flags: AdoptFlags) => (await import('./adopt.ts')).adoptCommand(io, flags))
}

function seconds(text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a number of seconds.')
}
