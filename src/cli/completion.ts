// Completion scripts generated from the command tree: sub-commands, then flags, file names where a flag or argument
// takes a value. In: commander's tree. Out: a script for bash, zsh or fish that knows every command and calls nothing.

import type { Command, Option } from 'commander'

export type Shell = 'bash' | 'zsh' | 'fish'

interface Node {
  /** Words after the program name, joined by blanks; empty for the program itself. */
  readonly path: string
  readonly description: string
  readonly commands: readonly string[]
  readonly options: readonly Option[]
  /** Choices of the first argument, as its help names them. */
  readonly words: readonly string[]
}

function nodes(command: Command, path: string): Node[] {
  const help = command.createHelp()
  const children = help.visibleCommands(command)
  const argument = command.registeredArguments[0]
  const words = path === 'completion' ? ['bash', 'zsh', 'fish'] : (argument?.argChoices ?? [])
  const node: Node = {
    path,
    description: command.description(),
    commands: children.map((child) => child.name()),
    options: help.visibleOptions(command),
    words,
  }
  const below = children.flatMap((child) =>
    nodes(child, path === '' ? child.name() : `${path} ${child.name()}`),
  )
  return [node, ...below]
}

const flags = (option: Option): string[] => [option.short, option.long].filter((flag) => flag !== undefined)
const takesValue = (option: Option): boolean => option.required || option.optional

export function completionScript(program: Command, shell: Shell): string {
  const all = nodes(program, '')
  if (shell === 'bash') return bash(all)
  return shell === 'zsh'
    ? `#compdef remora\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`
    : fish(all)
}

/** The words typed so far that name commands select the node; flags with choices offer them, others offer files. */
function bash(all: readonly Node[]): string {
  const values = all.flatMap((node) =>
    node.options.filter(takesValue).map((option) => {
      const patterns = flags(option).map((flag) => `'${node.path} ${flag}'`)
      const words = option.argChoices === undefined ? 'FILES' : option.argChoices.join(' ')
      return `    ${patterns.join('|')}) words='${words}' ;;`
    }),
  )
  const words = all.map((node) => {
    const offered = [...node.commands, ...node.words, ...node.options.flatMap(flags)]
    return `      '${node.path}') words='${offered.join(' ')}' ;;`
  })
  const paths = all.filter((node) => node.path !== '').map((node) => `'${node.path}'`)
  return `# bash completion for remora; load with: source <(remora completion bash)
_remora() {
  local path='' next word words='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths.join('|')}) path="$next" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  if [[ -z $words && $current != -* && $path != '' ]]; then
    case "$path" in
      ${all
        .filter((node) => node.commands.length > 0 || node.words.length > 0)
        .map((node) => `'${node.path}'`)
        .join('|')}) ;;
      *) words=FILES ;;
    esac
  fi
  if [[ $words == FILES ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  if [[ -z $words ]]; then
    case "$path" in
${words.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _remora remora
`
}

const quoteFish = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fish(all: readonly Node[]): string {
  const lines = [
    '# fish completion for remora; load with: remora completion fish | source',
    'complete -c remora -f',
  ]
  for (const node of all) {
    const depth = node.path === '' ? [] : node.path.split(' ')
    const seen = depth.map((word) => `__fish_seen_subcommand_from ${word}`)
    const none =
      node.commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${node.commands.join(' ')}`]
    const condition = [...seen, ...none].join('; and ')
    const at = `complete -c remora${condition === '' ? '' : ` -n ${quoteFish(condition)}`}`
    for (const name of node.commands) {
      const child = all.find((other) => other.path === [...depth, name].join(' '))
      lines.push(`${at} -a ${name} -d ${quoteFish(child?.description ?? '')}`)
    }
    for (const word of node.words) lines.push(`${at} -a ${word}`)
    for (const option of node.options) lines.push(`${at}${fishOption(option)}`)
  }
  return `${lines.join('\n')}\n`
}

function fishOption(option: Option): string {
  const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`
  const long = option.long === undefined ? '' : ` -l ${option.long.slice(2)}`
  const choices = option.argChoices?.join(' ')
  const value = !takesValue(option) ? '' : choices === undefined ? ' -r -F' : ` -x -a ${quoteFish(choices)}`
  return `${short}${long}${value} -d ${quoteFish(option.description)}`
}
