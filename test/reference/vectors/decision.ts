// Runs the decision vectors: the product of policies, namespaces, labels, annotations and selectors.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../../src/api/kube.ts'
import type { LabelSelector } from '../../../src/api/mesh.ts'
import { NEWEST } from '../../../src/api/release.ts'
import { decide } from '../../../src/injection/decide.ts'
import { type FileReport, readLines, runCases } from '../outcome.ts'

const INJECT = 'sidecar.istio.io/inject'

interface Dimensions {
  readonly policy: readonly string[]
  readonly namespace: readonly string[]
  readonly hostNetwork: readonly boolean[]
  readonly label: readonly (string | null)[]
  readonly annotation: readonly (string | null)[]
  readonly podLabels: Record<string, string>
  readonly selectors: readonly { readonly name: string; readonly selectors: LabelSelector[] | null }[]
}

interface Row {
  readonly id: string
  readonly row: readonly number[]
  readonly inject: boolean
}

function at<T>(list: readonly T[], index: number | undefined): T {
  const item = list[index ?? -1]
  if (item === undefined) throw new Error(`no item ${index}`)
  return item
}

function check(dimensions: Dimensions, { row, inject }: Row): string | undefined {
  const label = at(dimensions.label, row[3])
  const annotation = at(dimensions.annotation, row[4])
  const pod: Pod = {
    metadata: {
      namespace: at(dimensions.namespace, row[1]),
      labels: { ...dimensions.podLabels, ...(label === null ? {} : { [INJECT]: label }) },
      annotations: annotation === null ? {} : { [INJECT]: annotation },
    },
    spec: { hostNetwork: at(dimensions.hostNetwork, row[2]), containers: [] },
  }
  const config = {
    policy: at(dimensions.policy, row[0]),
    neverInjectSelector: at(dimensions.selectors, row[5]).selectors ?? [],
    alwaysInjectSelector: at(dimensions.selectors, row[6]).selectors ?? [],
  }
  const decision = decide({ pod, namespace: '', config, release: NEWEST })
  if (decision.inject === inject) return undefined
  return `want inject ${inject}, got ${decision.inject} (${decision.reason})\n${JSON.stringify({ pod, config })}`
}

export function run(dir: string): FileReport[] {
  const dimensions = JSON.parse(readFileSync(join(dir, 'dims.json'), 'utf8')) as Dimensions
  const rows = readLines<Row>(join(dir, 'decision.jsonl'))
  return [{ file: 'decision/decision.jsonl', outcomes: runCases(rows, (row) => check(dimensions, row)) }]
}
