// Printing the value of an action (Go's exec.go: printValue): appended to the output of the run, errors named at the action.

import { type ActionNode, nodeText } from './ast.ts'
import { printable } from './builtins.ts'
import { goStringCharged } from './format.ts'
import { FuncError } from './func.ts'
import type { Run } from './run.ts'
import { FUNC } from './types.ts'
import type { GoValue } from './value.ts'

/** Writes `value`. Throws FuncError for a function, which has no text. */
export function print(run: Run, node: ActionNode, value: GoValue): void {
  run.at = node
  if (typeof value === 'function') throw new FuncError(`can't print ${nodeText(node)} of type ${FUNC.name}`)
  run.write(goStringCharged(printable(value), run.charge))
}
