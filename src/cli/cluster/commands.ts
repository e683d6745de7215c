// The commands that work on a live cluster, as part of the command tree: names, flags, help and examples.
// The commands themselves are imported when they run.

import { type Command, InvalidArgumentError } from 'commander'
import { dataFormatOption, example } from '../flags.ts'
import type { Io } from '../io.ts'
import type { AdoptFlags } from './adopt.ts'
import type { CheckFlags } from './check.ts'
import { addClusterFlags } from './flags.ts'
import type { RevisionDescribeFlags } from './revision-describe.ts'
import type { RevisionListFlags } from './revision-list.ts'
import type { TagListFlags } from './tag-list.ts'
import type { TagRemoveFlags } from './tag-remove.ts'
import type { TagGenerateFlags, TagSetFlags } from './tag-set.ts'
import type { VersionFlags } from './version.ts'

export function addClusterCommands(program: Command, io: Io): void {
  addRevision(program, io)
  addTag(program, io)
  addVersion(program, io)
  addAdopt(program, io)
  addCheck(program, io)
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
  addTagSet(tag, io)
  addTagGenerate(tag, io)
  addTagRemove(tag, io)
}

/** Flags of commands that make a tag, as istioctl has them. */
function addTagFlags(command: Command): Command {
  return command
    .argument('<tag>', 'name of the tag; default stands for namespaces of label istio-injection=enabled')
    .requiredOption('-r, --revision <name>', 'revision that the tag is to mean')
    .option('--overwrite', 'move a tag that exists')
    .option('--webhook-name <name>', 'name of its webhook configuration (default: as Istio names it)')
    .option('--auto-inject-namespaces', 'tag default only: also namespaces without any label')
}

const skipOption = ['-y, --skip-confirmation', 'ask nothing: the answer is yes'] as const

function addTagSet(tag: Command, io: Io): void {
  const set = tag.command('set').description('make a tag, or move it to another revision with --overwrite')
  addClusterFlags(
    addTagFlags(set)
      .option(...skipOption)
      .option('--dry-run', 'print the plan, change nothing')
      .option('--timeout <seconds>', 'how long remora may take to write its entries', seconds, 60)
      .addOption(dataFormatOption()),
  )
    .addHelpText(
      'after',
      example(
        'remora tag set prod --revision 1-30-3',
        'remora tag set prod --revision 1-30-3 --overwrite --dry-run',
      ),
    )
    .action(async (name: string, flags: TagSetFlags) =>
      (await import('./tag-set.ts')).tagSetCommand(io, name, flags),
    )
}

function addTagGenerate(tag: Command, io: Io): void {
  const generate = tag.command('generate').description('print the objects of a tag as YAML, change nothing')
  addClusterFlags(addTagFlags(generate))
    .addHelpText('after', example('remora tag generate prod --revision 1-30-3 > prod.yaml'))
    .action(async (name: string, flags: TagGenerateFlags) =>
      (await import('./tag-set.ts')).tagGenerateCommand(io, name, flags),
    )
}

function addTagRemove(tag: Command, io: Io): void {
  addClusterFlags(
    tag
      .command('remove')
      .alias('delete')
      .description('remove a tag; asks first when namespaces, pods or Gateways use it')
      .argument('<tag>', 'name of the tag')
      .option(...skipOption)
      .option('--dry-run', 'print the plan, change nothing')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora tag remove prod'))
    .action(async (name: string, flags: TagRemoveFlags) =>
      (await import('./tag-remove.ts')).tagRemoveCommand(io, name, flags),
    )
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
      .option(
        '--timeout <seconds>',
        'how long remora may take to write its entries, and to answer',
        seconds,
        60,
      )
      .addOption(dataFormatOption()),
  )
    .addHelpText(
      'after',
      example(
        'remora adopt --dry-run',
        'remora adopt',
        'remora adopt --revision 1-30-3',
        'remora adopt --undo',
      ),
    )
    .action(async (flags: AdoptFlags) => (await import('./adopt.ts')).adoptCommand(io, flags))
}

function addCheck(program: Command, io: Io): void {
  addClusterFlags(
    program
      .command('check')
      .description('find what is wrong with injection in a cluster; exit code 3 if anything is')
      .option('-r, --revision <name>', 'only what concerns this revision, or what a tag means')
      .addOption(dataFormatOption()),
  )
    .addHelpText('after', example('remora check', 'remora check --revision 1-30-3 -o json'))
    .action(async (flags: CheckFlags) => (await import('./check.ts')).checkCommand(io, flags))
}

function seconds(text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a number of seconds.')
}
