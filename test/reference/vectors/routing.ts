// Runs routing/routing.jsonl: which entries of the webhook configurations under configs/ match a pod in a namespace.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeSelector, matchesEntry, type WebhookEntry } from '../../../src/mesh/selector.ts'
import { isObject } from '../../../src/std/json.ts'
import { parseYaml } from '../../../src/std/yaml.ts'
import { type Family, readLines, runCases } from '../outcome.ts'

interface Configuration {
  name: string
  files: string[]
  webhooks: string[]
}

interface Row {
  id: string
  namespace: Record<string, string>
  pod: Record<string, string>
  match: string[]
}

/** The entries of a configuration's files in order, under the names that configs.json gives them. */
function entriesOf(dir: string, configuration: Configuration): [string, WebhookEntry][] {
  const entries = configuration.files.flatMap((file) => {
    const object = parseYaml(readFileSync(join(dir, file), 'utf8'))
    const webhooks = isObject(object) ? object['webhooks'] : undefined
    return (Array.isArray(webhooks) ? webhooks : []).filter(isObject)
  })
  return entries.map((entry, index) => [
    configuration.webhooks[index] ?? '?',
    {
      namespaceSelector: decodeSelector(entry['namespaceSelector']),
      objectSelector: decodeSelector(entry['objectSelector']),
    },
  ])
}

export const run: Family = (dir) => {
  const configurations = JSON.parse(readFileSync(join(dir, 'configs.json'), 'utf8')) as Configuration[]
  const entries = configurations.flatMap((configuration) => entriesOf(dir, configuration))
  const outcomes = runCases(readLines<Row>(join(dir, 'routing.jsonl')), (row) => {
    const got = entries
      .filter(([, entry]) => matchesEntry(entry, row.namespace, row.pod))
      .map(([name]) => name)
    const same = [...got].sort().join() === [...row.match].sort().join()
    return same ? undefined : `expected ${row.match.join(' ')}, got ${got.join(' ')}`
  })
  return [{ file: 'routing/routing.jsonl', outcomes }]
}
