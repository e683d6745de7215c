// YAML texts of the mesh as JSON data, with errors in the words of Go's YAML package where those reach a person:
// Istio puts them into answers, as `failed to convert to apply proxy config: yaml: …`.

import { ProblemError } from '../api/problem.ts'
import type { Json } from '../std/json.ts'
import { parseYaml } from '../std/yaml.ts'
import { JsonError } from './proto-read.ts'

/** The first document of `text`. Throws JsonError with text `yaml: …`. */
export function yamlData(text: string): Json {
  try {
    return parseYaml(text)
  } catch (error) {
    if (error instanceof ProblemError) throw new JsonError(`yaml: ${error.message}`)
    throw error
  }
}
