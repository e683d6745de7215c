// An explanation: its data, which `explain.ts` makes and `-o json` prints, and its text for people.

import type { TraceStep } from '../../injection/decide.ts'
import { table } from '../table.ts'
import { inputText } from '../template/inputs.ts'
import type { FieldChange, FieldReport } from './field.ts'

export interface Explanation {
  readonly object: string
  readonly file: string
  readonly line: number
  readonly namespace: { name: string; known: boolean; labels: Readonly<Record<string, string>> }
  readonly webhook: readonly { entry: string; of: string; matches: boolean; because: string }[]
  /** The entry that is called. */
  readonly called?: string
  readonly rules: readonly TraceStep[]
  readonly result: 'injected' | 'skipped' | 'refused'
  /** The rule that decided, or the code of the problem. */
  readonly reason: string
  readonly because: string
  readonly templates?: readonly string[]
  readonly warnings: readonly string[]
  readonly counterfactual: readonly (readonly string[])[]
}

export function explanationText(explanation: Explanation): string {
  const { object, file, line, namespace, webhook, rules } = explanation
  const assumed = namespace.known ? '' : ' (assumed: nothing is known of the namespace, see --namespace-file)'
  const lines = [
    `${object} (${file}:${line})`,
    '',
    `namespace ${namespace.name}: labels ${labelsText(namespace.labels)}${assumed}`,
    '',
    'who is called: webhook entries, as the API server evaluates them',
    ...table(
      webhook.map((entry) => [
        entry.matches ? 'yes' : 'no',
        `${entry.entry} (${entry.of})`,
        entry.matches ? 'both selectors match' : entry.because,
      ]),
      '  ',
    ),
    '',
    `what the injector decides${explanation.called === undefined ? ', if it were called' : ''}: rules, the first that hits`,
    ...ruleLines(rules),
    '',
    `result: ${explanation.result}${explanation.result === 'refused' ? ':' : ', because'} ${explanation.because}`,
  ]
  if (explanation.templates !== undefined) lines.push(`templates: ${explanation.templates.join(', ')}`)
  for (const warning of explanation.warnings) lines.push(`warning: ${warning}`)
  lines.push(...changeLines(explanation.result, explanation.counterfactual))
  return `${lines.join('\n')}\n`
}

/** Labels but the one that every namespace carries. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const shown = Object.entries(labels).filter(([key]) => key !== 'kubernetes.io/metadata.name')
  return shown.map(([key, value]) => `${key}=${value}`).join(', ') || 'none'
}

export function ruleLines(rules: readonly TraceStep[]): string[] {
  const detailOf = ({ detail, warning }: TraceStep): string =>
    `${detail}${warning === true ? '  (warning)' : ''}`
  return table(
    rules.map((rule) => [rule.verdict, rule.rule, detailOf(rule)]),
    '  ',
  )
}

/** What would turn the verdict around; nothing does that for a refusal. */
export function changeLines(
  result: Explanation['result'],
  counterfactual: Explanation['counterfactual'],
): string[] {
  if (result === 'refused') return []
  const verdict = result === 'injected' ? 'keep it from being injected' : 'have it injected'
  const [first, ...rest] = counterfactual
  if (first === undefined) return [`no small change would ${verdict}`]
  return [`to ${verdict}: ${first.join(', and ')}`, ...rest.map((set) => `  or: ${set.join(', and ')}`)]
}

const valueText = (change: FieldChange): string =>
  change.value === undefined ? 'takes it away' : JSON.stringify(change.value)

export function fieldText(report: FieldReport): string {
  const lines = [`${report.path} = ${report.value === undefined ? 'absent' : JSON.stringify(report.value)}`]
  for (const change of report.changes) {
    const { template } = change
    lines.push(
      `  ${change.by}${template === undefined ? '' : `, line ${template.line}`}: ${valueText(change)}`,
    )
    if (template === undefined) continue
    lines.push(`    ${template.text}`)
    for (const block of template.blocks) lines.push(`    inside ${block.text}, line ${block.line}`)
    for (const variable of template.variables) lines.push(`    where ${variable}`)
    for (const input of template.inputs) lines.push(`    reads ${inputText(input)}`)
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
