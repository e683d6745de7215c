// YAML texts of the mesh as data with exact numbers, for readers that report in Go's words: Istio puts the parser's text into its
// answers, as `failed to convert to apply proxy config: yaml: …`.

import { ProblemError } from '../std/problem.ts'
import type { YamlValue } from '../std/yaml/tree.ts'
import { readExact } from '../std/yaml.ts'
import { JsonError } from './proto-read.ts'

/** The first document of `text`. Throws JsonError with the YAML parser's text. */
export function yamlData(text: string): YamlValue {
  try {
    return readExact(text)
  } catch (error) {
    if (error instanceof ProblemError) throw new JsonError(error.message)
    throw error
  }
}
