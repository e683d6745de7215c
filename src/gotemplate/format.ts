// Go's fmt over template values: Sprint, Sprintf, Sprintln, %v of one value. In: a format and values. Out: text.
// Bad verbs, widths and missing arguments become the marks Go prints (`%!d(string=x)`), never an error.

import { type Charge, FLOAT_COST } from './format-flags.ts'
import { shortestFloat } from './format-float.ts'
import { printfInto } from './format-verbs.ts'
import { Printer } from './printer.ts'
import { typeOf } from './types.ts'
import type { GoValue } from './value.ts'

export type { Charge } from './format-flags.ts'
export { goQuote } from './quote.ts'

/** Steps to print anything but a plain scalar, beside those by its length. */
const PRINTER_COST = 16

const FREE: Charge = () => {}

/** `%v` of one value, as fmt.Sprint: nil and no value give `<nil>`. */
export function goString(value: GoValue): string {
  return goStringCharged(value, FREE)
}

/** As goString, for data a template made: lists that hold one list many times print exponentially long. */
export function goStringCharged(value: GoValue, charge: Charge): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
      return value.toString()
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      charge(FLOAT_COST)
      return shortestFloat(value)
    case 'undefined':
      return '<nil>'
    default: {
      charge(PRINTER_COST)
      const printer = new Printer(charge)
      printer.printArgument(value, 'v')
      return printer.text
    }
  }
}

/** fmt.Sprint: a space between two operands when neither is a string. */
export function sprint(values: readonly GoValue[], charge: Charge = FREE): string {
  charge(PRINTER_COST)
  const printer = new Printer(charge)
  let text = true
  values.forEach((value, i) => {
    const isText = typeOf(value)?.kind === 'string'
    if (i > 0 && !isText && !text) printer.write(' ')
    printer.printArgument(value, 'v')
    text = isText
  })
  return printer.text
}

/** fmt.Sprintln: spaces between all operands and a newline at the end. */
export function sprintln(values: readonly GoValue[], charge: Charge = FREE): string {
  charge(PRINTER_COST)
  const printer = new Printer(charge)
  values.forEach((value, i) => {
    if (i > 0) printer.write(' ')
    printer.printArgument(value, 'v')
  })
  printer.write('\n')
  return printer.text
}

/** fmt.Sprintf. */
export function sprintf(format: string, args: readonly GoValue[], charge: Charge = FREE): string {
  charge(PRINTER_COST + format.length)
  const printer = new Printer(charge)
  printfInto(printer, format, args)
  return printer.text
}
