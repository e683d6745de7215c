// The findings of `check` for people: a table, what to do about each code, and how much was looked at. Pods of a namespace
// that have the same in common share a line.

import type { Finding, Level } from '../../revision/finding.ts'
import { count, table } from '../table.ts'

/** How much was looked at. */
export interface Checked {
  /** Live entries of injectors. */
  readonly entries: number
  /** Dry-run pods. */
  readonly proofs: number
  readonly replicas: number
  readonly namespaces: number
  readonly pods: number
}

export function checkText(found: readonly Finding[], checked: Checked): string {
  const { entries, proofs, replicas, namespaces, pods } = checked
  const looked = [
    `${entries} live ${entries === 1 ? 'entry' : 'entries'}`,
    count(proofs, 'dry-run pod'),
    `${replicas} ${replicas === 1 ? 'replica' : 'replicas'} of remora`,
    count(namespaces, 'namespace'),
    count(pods, 'pod'),
  ]
  const summary = `checked: ${looked.join(', ')}`
  if (found.length === 0) return `nothing is wrong\n${summary}\n`
  const rows = grouped(found).map(({ level, code, object, message }) => [level, code, object, message])
  const hints = new Map<string, string>()
  for (const { code, hint } of found) hints.set(`${code} ${hint}`, `  ${code}: ${hint}`)
  const levels: readonly Level[] = ['error', 'warning', 'info']
  const counts = levels.flatMap((level) => {
    const number = found.filter((each) => each.level === level).length
    return number === 0 ? [] : [count(number, level === 'info' ? 'note' : level)]
  })
  return [
    ...table([['LEVEL', 'CODE', 'OBJECT', 'MESSAGE'], ...rows]),
    '',
    'what to do:',
    ...hints.values(),
    '',
    `${counts.join(', ')}; ${summary}`,
    '',
  ].join('\n')
}

/** One line for objects of a kind and namespace of which the same is said. */
function grouped(found: readonly Finding[]): Finding[] {
  const groups = new Map<string, { first: Finding; number: number }>()
  for (const each of found) {
    const { code, object, message } = each
    // Objects without a namespace stay by themselves.
    const where = object.includes('/') ? object.slice(0, object.indexOf('/')) : object
    const key = [code, where, message].join('\n')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { first: each, number: 1 })
    else group.number += 1
  }
  return [...groups.values()].map(({ first, number }) =>
    number === 1 ? first : { ...first, object: `${first.object} and ${number - 1} more` },
  )
}
