// Script tests: commands, what they print and how they end, and the files they work on, in one text file.
//
//   # a comment                          stays where it is
//   $ NAME=value remora ARGS < FILE      runs the command line in this process, in a folder that holds the files below
//   $ cat FILE                           shows a file
//   1> text      2> text                 a line of standard output, of standard error
//   1| text      2| text                 the same, for a last line without a line end
//   exit N                               the exit code, where it is not 0
//   -- NAME --                           the file NAME follows, to the next such line
//   -- cluster.yaml --                   the objects of a cluster that the commands find by their kubeconfig

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runRemora, type Said } from '../cli/memory-io.ts'
import { startCluster } from '../cli/small-cluster.ts'

export interface Script {
  /** Lines before the first file. */
  readonly lines: readonly string[]
  readonly files: ReadonlyMap<string, string>
  /** The files as they stand in the script. */
  readonly tail: string
}

export function parseScript(text: string): Script {
  const at = text.search(/^-- \S+ --$/m)
  const head = at === -1 ? text : text.slice(0, at)
  const tail = at === -1 ? '' : text.slice(at)
  const files = new Map<string, string>()
  const pieces = tail.split(/^-- (\S+) --\n/m)
  for (let i = 1; i + 1 < pieces.length; i += 2) files.set(pieces[i] ?? '', pieces[i + 1] ?? '')
  return { lines: head.split('\n').slice(0, -1), files, tail }
}

function isOutcome(line: string): boolean {
  return /^[12][>|](?: |$)/.test(line) || /^exit \d+$/.test(line)
}

/** The script as its commands really went: comments, commands and files as they were, outcomes as they are. */
export async function replay(script: Script, folder: string): Promise<string> {
  for (const [name, content] of script.files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const objects = script.files.get('cluster.yaml')
  const cluster = objects === undefined ? undefined : await startCluster(objects, folder)
  const lines: string[] = []
  for (const line of script.lines) {
    if (isOutcome(line)) continue
    lines.push(line)
    if (!line.startsWith('$ ')) continue
    const said = outcome(await runLine(line.slice(2), folder), folder)
    lines.push(
      ...(cluster === undefined ? said : said.map((text) => text.replaceAll(cluster.url, 'CLUSTER'))),
    )
  }
  await cluster?.away()
  return `${lines.join('\n')}\n${script.tail}`
}

async function runLine(line: string, folder: string): Promise<Said> {
  const env: Record<string, string> = { HOME: folder }
  const words = splitWords(line)
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name = '', ...value] = (words.shift() ?? '').split('=')
    env[name] = value.join('=')
  }
  const program = words.shift()
  if (program === 'cat') {
    return {
      code: 0,
      stdout: words.map((name) => readFileSync(join(folder, name), 'utf8')).join(''),
      stderr: '',
    }
  }
  if (program !== 'remora') throw new Error(`a script runs remora or cat, not "${program}"`)
  const redirect = words.indexOf('<')
  const stdin = redirect === -1 ? undefined : readFileSync(join(folder, words[redirect + 1] ?? ''), 'utf8')
  const argv = redirect === -1 ? words : words.slice(0, redirect)
  return runRemora(argv, { cwd: folder, env, ...(stdin === undefined ? {} : { stdin }) })
}

/** Words as a shell would cut them: quotes group, nothing is expanded. */
function splitWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double))
}

function outcome(said: Said, folder: string): string[] {
  const lines = [...printed('1', said.stdout, folder), ...printed('2', said.stderr, folder)]
  return said.code === 0 ? lines : [...lines, `exit ${said.code}`]
}

function printed(stream: string, text: string, folder: string): string[] {
  if (text === '') return []
  const lines = text.replaceAll(folder, '/folder').split('\n')
  const last = lines.pop() ?? ''
  const marked = lines.map((line) => (line === '' ? `${stream}>` : `${stream}> ${line}`))
  return last === '' ? marked : [...marked, `${stream}| ${last}`]
}
