// Patches between two pods: ours, applied to the one, gives the other, through both ways a patch is made: from the pod
// itself, and by carrying the changes over to a raw pod that has fields of its own.

import { join } from 'node:path'
import { applyPatch } from '../../../src/patch/apply.ts'
import { diff } from '../../../src/patch/diff.ts'
import { rebase } from '../../../src/patch/rebase.ts'
import { POD } from '../../../src/patch/schema.ts'
import { deepFreeze, equalJson, type Json } from '../../../src/std/json.ts'
import { type Family, readLines, runCases } from '../outcome.ts'

interface Row {
  readonly id: string
  readonly original: Json
  readonly final: Json
}

function check(row: Row): string | undefined {
  const { original, final } = deepFreeze(row)
  const patch = diff(original, final)
  const result = applyPatch(original, patch)
  if (!equalJson(result, final)) return `patch ${JSON.stringify(patch)}\ngives ${JSON.stringify(result)}`
  const carried = rebase(original, original, final, POD)
  return equalJson(carried, final) ? undefined : `carried over: ${JSON.stringify(carried)}`
}

export const run: Family = (dir) => {
  const file = 'jsonpatch.jsonl'
  return [{ file: `jsonpatch/${file}`, outcomes: runCases(readLines<Row>(join(dir, file)), check) }]
}
