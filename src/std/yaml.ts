// YAML text in, JSON data out, by the rules of sigs.k8s.io/yaml (go-yaml v2, then JSON): the first document only,
// YAML 1.1 words and numbers, last duplicate key wins, non-string keys as text.
// The only file that knows js-yaml. It must never build anything but plain data, and never take unbounded time.

import { FAILSAFE_SCHEMA, loadAll, Type, YAMLException } from 'js-yaml'
import { ProblemError } from '../api/problem.ts'
import type { Json } from './json.ts'
import { GoFloat, resolvePlain } from './yaml-scalar.ts'

export interface YamlLimits {
  /** Nested collections. */
  readonly depth: number
  /** Nodes that aliases may add to the document. */
  readonly aliases: number
  /** UTF-16 units of text. */
  readonly bytes: number
}

export const YAML_LIMITS: YamlLimits = { depth: 200, aliases: 10_000, bytes: 8 << 20 }

function construct(text: string): Json {
  const value = resolvePlain(text)
  if (value instanceof GoFloat) return value.value
  return typeof value === 'bigint' ? Number(value) : value
}

const SCHEMA = FAILSAFE_SCHEMA.extend({
  implicit: [
    new Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: unknown) => text === '<<' }),
    new Type('tag:yaml.org,2002:null', { kind: 'scalar', construct }),
  ],
  explicit: (['scalar', 'sequence', 'mapping'] as const).map((kind) => new Type('', { kind, multi: true })),
})

/** The first document of `text` as JSON data. Throws ProblemError `invalid-yaml` with line and column. */
export function parseYaml(text: string, limits: YamlLimits = YAML_LIMITS): Json {
  if (text.length > limits.bytes) {
    throw new ProblemError(
      'limit',
      `the text has ${text.length} bytes, more than the ${limits.bytes} allowed`,
    )
  }
  try {
    const options = { schema: SCHEMA, json: true, maxDepth: limits.depth }
    return (loadAll(text, undefined, options)[0] ?? null) as Json
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw new ProblemError('invalid-yaml', error.reason, {
      line: error.mark.line + 1,
      column: error.mark.column + 1,
    })
  }
}
