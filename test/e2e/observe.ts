// What tests against a control plane saw, one row a fault: what was done, how it was made, what came of it. Rows are
// lines of a Markdown table among other output; the runner of the checks (steps.ts) finds them by their mark and closes
// with the whole table.

export interface Fault {
  readonly what: string
  readonly how: string
}

/** Rows begin with it, other lines of the output do not. */
export const ROW_MARK = '| '

export const TABLE_HEAD = ['| fault | how it was made | what was observed |', '|---|---|---|']

/** A row of the table; what would end a cell or the row is written as Markdown has it. */
export function rowOf({ what, how }: Fault, seen: string): string {
  const cells = [what, how, seen].map((text) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim())
  return `${ROW_MARK}${cells.join(' | ')} |`
}

/** Prints a row. */
export function observed(fault: Fault, seen: string): void {
  process.stderr.write(`${rowOf(fault, seen)}\n`)
}
