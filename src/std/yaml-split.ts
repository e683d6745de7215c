// A stream of YAML documents cut into texts as Kubernetes' YAMLReader cuts it (kube-inject reads its input so): at lines
// that begin with `---`, whatever they are part of. In: the stream; out: the documents' texts, separators left out.

import { ProblemError } from './problem.ts'

/** Go's unicode.IsSpace. */
const TRAILING_SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/
const LEADING_SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/

/**
 * The documents of `text`. A separator at the very beginning belongs to the first document, empty documents between two
 * separators are skipped. Throws ProblemError `invalid-yaml` for a line such as `--- a`.
 */
export function splitDocuments(text: string): string[] {
  const documents: string[] = []
  let current = ''
  let number = 0
  for (const line of linesOf(text)) {
    number++
    if (isSeparator(line, number) && current !== '') {
      documents.push(current)
      current = ''
    } else {
      current += line
    }
  }
  if (current !== '') documents.push(current)
  return documents
}

function isSeparator(line: string, number: number): boolean {
  if (!line.startsWith('---')) return false
  const rest = line.slice(3).replace(LEADING_SPACE, '').replace(TRAILING_SPACE, '')
  if (rest !== '' && !rest.startsWith('#')) {
    throw new ProblemError('invalid-yaml', `invalid Yaml document separator: ${rest}`, {
      line: number,
      column: 1,
    })
  }
  return true
}

/** The lines of `text`, each ended by one line feed, whether it had none, LF or CR LF. */
function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  const ended = lines.map((line) => `${line.endsWith('\r') ? line.slice(0, -1) : line}\n`)
  return last === '' ? ended : [...ended, `${last}\n`]
}
