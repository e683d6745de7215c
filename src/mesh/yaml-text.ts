// YAML texts of the mesh as JSON data, for readers that report in Go's words: Istio puts the parser's text into its
// answers, as `failed to convert to apply proxy config: yaml: …`.

import { ProblemError } from '../api/problem.ts'
import type { Json } from '../std/json.ts'
import { parseYaml } from '../std/yaml.ts'
import { JsonError } from './proto-read.ts'

/** The first document of `text`. Throws JsonError with the YAML parser's text. */
export function yamlData(text: string): Json {
  try {
    return parseYaml(text)
  } catch (error) {
    if (error instanceof ProblemError) throw new JsonError(error.message)
    throw error
  }
}
