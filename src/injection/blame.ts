// Who is to blame when a pod is refused on its way through the templates: the annotation or label without which it would
// pass. Looks do not tell (a value may be parsed, renamed or shortened before it is printed), so the injection is tried
// again without some of them, once or twice for most, about 2·log2(n) times at worst. In goes the problem, out the same
// problem with the name and the place in the template; only refusals pay for it, within the deadline of the request.

import type { Pod } from '../api/kube.ts'
import { ANNOTATION } from '../api/names.ts'
import type { Mark, Rendered } from '../gotemplate/template.ts'
import { ProblemError } from '../std/problem.ts'
import { FORBIDDEN } from '../std/yaml.ts'
import type { InjectionStage } from './stage.ts'

/** Injects a pod as far as its templates are merged; throws what an injection throws, without naming a source. */
export type Attempt = (pod: Pod, observe?: (stage: InjectionStage) => void) => void

interface Source {
  readonly what: 'annotation' | 'label'
  readonly name: string
  readonly value: string
}

interface Printed {
  readonly template: string
  readonly rendered: Rendered
}

/** Problems that name their annotation themselves. */
const NAMES_ITS_SOURCE: readonly string[] = ['invalid-annotation', 'not-found']

/** It chooses templates, and without it there would be another injection. */
const CHOOSES_TEMPLATES = ANNOTATION.templates

/** `problem`, with the annotation or label of `pod` that causes it and the template line that printed it. */
export function withSource(problem: ProblemError, pod: Pod, attempt: Attempt): ProblemError {
  if (NAMES_ITS_SOURCE.includes(problem.code)) return problem
  const printed = problem.code === 'template-failed' ? undefined : lastRendered(pod, attempt)
  const at = printed && markAt(printed.rendered, problem)
  // Errors of templates show the expression.
  const source = sourceOf(
    pod,
    at && regionOf(printed.rendered, at),
    at?.expression ?? problem.message,
    attempt,
  )
  if (source === undefined) return problem
  const { what, name } = source
  const mark = problem.code === 'merge-failed' && printed ? printedFrom(printed.rendered, source) : undefined
  const line = mark === undefined ? '' : `, printed by template "${printed?.template}" line ${mark.line}`
  return new ProblemError(
    problem.code,
    `${problem.message}; the cause is ${what} "${name}"${line}`,
    { ...problem.where, field: `metadata.${what}s[${JSON.stringify(name)}]` },
    problem.hint,
  )
}

function lastRendered(pod: Pod, attempt: Attempt): Printed | undefined {
  let last: Printed | undefined
  passes(pod, (tried) =>
    attempt(tried, (stage) => {
      if (stage.kind === 'rendered') last = { template: stage.name, rendered: stage.rendered }
    }),
  )
  return last
}

function passes(pod: Pod, attempt: Attempt): boolean {
  try {
    attempt(pod)
    return true
  } catch (error) {
    if (error instanceof ProblemError) return false
    throw error
  }
}

/** The region that a structure problem is about. */
function markAt(rendered: Rendered, { code, where }: ProblemError): Mark | undefined {
  if (code !== 'structure') return undefined
  return rendered.marks.find((mark) => mark.line === where.line && mark.column === where.column)
}

const regionOf = (rendered: Rendered, mark: Mark): string => rendered.text.slice(mark.start, mark.end)

/** The region that shows the source: its name in the expression, or its value in the text. */
function printedFrom(rendered: Rendered, source: Source): Mark | undefined {
  const { marks } = rendered
  const shows = (mark: Mark): boolean => likelihood(source, regionOf(rendered, mark), undefined) > 0
  return (
    marks.find((mark) => names(mark.expression, source)) ??
    marks.find((mark) => mark.end > mark.start && shows(mark)) ??
    marks.find((mark) => FORBIDDEN.test(regionOf(rendered, mark)))
  )
}

function names(expression: string, { name }: Source): boolean {
  return expression.includes(`\`${name}\``) || expression.includes(`"${name}"`)
}

/** How much speaks for a source at first sight, 0 for nothing. */
function likelihood(source: Source, region: string | undefined, expression: string | undefined): number {
  if (expression !== undefined && names(expression, source)) return 3
  if (region === undefined) return 0
  if (source.value === region) return 2
  const shown = region.trim()
  return shown.length > 1 && source.value.includes(shown) ? 1 : 0
}

/**
 * The first of the likely sources without which (and those before it) the pod passes. Where it never passes, the
 * likeliest if anything speaks for it.
 */
function sourceOf(
  pod: Pod,
  region: string | undefined,
  expression: string | undefined,
  attempt: Attempt,
): Source | undefined {
  const likely = (source: Source): number => likelihood(source, region, expression)
  const sources = sourcesOf(pod).sort((a, b) => likely(b) - likely(a))
  const [first] = sources
  if (first === undefined) return undefined
  const passesWithout = (count: number): boolean => passes(without(pod, sources.slice(0, count)), attempt)
  let fails = 0
  let enough = 1
  while (!passesWithout(enough)) {
    if (enough === sources.length) return likely(first) > 0 ? first : undefined
    fails = enough
    enough = Math.min(2 * enough, sources.length)
  }
  while (enough - fails > 1) {
    const middle = Math.floor((fails + enough) / 2)
    if (passesWithout(middle)) enough = middle
    else fails = middle
  }
  return sources[enough - 1]
}

function sourcesOf(pod: Pod): Source[] {
  const { annotations = {}, labels = {} } = pod.metadata
  const entries = (what: Source['what'], map: Readonly<Record<string, string>>): Source[] =>
    Object.entries(map).map(([name, value]) => ({ what, name, value }))
  return [...entries('annotation', annotations), ...entries('label', labels)].filter(
    ({ name }) => name !== CHOOSES_TEMPLATES,
  )
}

function without(pod: Pod, sources: readonly Source[]): Pod {
  const gone = (what: Source['what']) =>
    new Set(sources.filter((source) => source.what === what).map(({ name }) => name))
  const { annotations = {}, labels = {} } = pod.metadata
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: rest(annotations, gone('annotation')),
      labels: rest(labels, gone('label')),
    },
  }
}

function rest(map: Readonly<Record<string, string>>, names: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.has(name)))
}
