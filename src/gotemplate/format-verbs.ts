// The format string of Sprintf: text, verbs with flags, width, precision and explicit argument numbers (`%[2]*.[1]*f`).
// Mistakes in the format become Go's marks in the text: `%!d(MISSING)`, `%!(NOVERB)`, `%!(EXTRA int=1)`.

import { noFlags } from './format-flags.ts'
import type { Printer } from './printer.ts'
import { typeName } from './types.ts'
import type { GoValue } from './value.ts'
import { toInt } from './value-ops.ts'

/** Widths and precisions above this are not taken. */
const LARGEST = 1_000_000

/** Appends the formatted text to the printer. */
export function printfInto(printer: Printer, format: string, args: readonly GoValue[]): void {
  const scan = new Scan(printer, format, args)
  while (scan.at < format.length) {
    const percent = format.indexOf('%', scan.at)
    const end = percent < 0 ? format.length : percent
    if (end > scan.at) printer.write(format.slice(scan.at, end))
    scan.at = end
    if (end >= format.length) break
    scan.at++
    if (!scan.verb()) break
  }
  if (!scan.reordered && scan.argument < args.length) printExtra(printer, args.slice(scan.argument))
}

function printExtra(printer: Printer, args: readonly GoValue[]): void {
  printer.flags = noFlags()
  printer.write('%!(EXTRA ')
  args.forEach((value, i) => {
    if (i > 0) printer.write(', ')
    if (value === undefined || value === null) printer.write('<nil>')
    else {
      printer.write(`${typeName(value)}=`)
      printer.printArgument(value, 'v')
    }
  })
  printer.write(')')
}

class Scan {
  at = 0
  argument = 0
  /** An explicit argument number has been used: then extra arguments are not complained about. */
  reordered = false
  private good = true
  private afterIndex = false
  private readonly printer: Printer
  private readonly format: string
  private readonly args: readonly GoValue[]

  constructor(printer: Printer, format: string, args: readonly GoValue[]) {
    this.printer = printer
    this.format = format
    this.args = args
  }

  /** One verb, after its percent sign; false when the format has ended. */
  verb(): boolean {
    const { printer, format, args } = this
    this.good = true
    this.afterIndex = false
    this.flags()
    this.index()
    this.width()
    this.precision()
    if (!this.afterIndex) this.index()
    if (this.at >= format.length) {
      printer.write('%!(NOVERB)')
      return false
    }
    const verb = String.fromCodePoint(format.codePointAt(this.at) ?? 0)
    this.at += verb.length
    if (verb === '%') printer.write('%')
    else if (!this.good) printer.write(`%!${verb}(BADINDEX)`)
    else if (this.argument >= args.length) printer.write(`%!${verb}(MISSING)`)
    else {
      const { flags } = printer
      if (verb === 'v' || verb === 'w') {
        flags.sharpV = flags.sharp
        flags.sharp = false
        flags.plusV = flags.plus
        flags.plus = false
      }
      printer.printArgument(args[this.argument], verb)
      this.argument++
    }
    return true
  }

  private flags(): void {
    const flags = noFlags()
    this.printer.flags = flags
    for (; ; this.at++) {
      switch (this.format.charAt(this.at)) {
        case '#':
          flags.sharp = true
          break
        case '0':
          flags.zero = true
          break
        case '+':
          flags.plus = true
          break
        case '-':
          flags.minus = true
          break
        case ' ':
          flags.space = true
          break
        default:
          return
      }
    }
  }

  private width(): void {
    const { flags } = this.printer
    if (this.format.charAt(this.at) === '*') {
      this.at++
      let width = this.integerArgument()
      if (width === undefined) this.printer.write('%!(BADWIDTH)')
      else if (width < 0) {
        width = -width
        flags.minus = true
        flags.zero = false
      }
      flags.width = width
      this.afterIndex = false
      return
    }
    flags.width = this.number(this.format.length)
    if (this.afterIndex && flags.width !== undefined) this.good = false
  }

  private precision(): void {
    const { flags } = this.printer
    if (this.at + 1 >= this.format.length || this.format.charAt(this.at) !== '.') return
    this.at++
    if (this.afterIndex) this.good = false
    this.index()
    if (this.format.charAt(this.at) === '*') {
      this.at++
      const precision = this.integerArgument()
      flags.precision = precision !== undefined && precision >= 0 ? precision : undefined
      if (flags.precision === undefined) this.printer.write('%!(BADPREC)')
      this.afterIndex = false
      return
    }
    flags.precision = this.number(this.format.length) ?? 0
  }

  /** Decimal digits; a number that is too large swallows the rest of the format. */
  private number(end: number): number | undefined {
    let value: number | undefined
    for (; this.at < end; this.at++) {
      const digit = this.format.charCodeAt(this.at) - 48
      if (digit < 0 || digit > 9) break
      if (value !== undefined && value > LARGEST) {
        this.at = end
        return undefined
      }
      value = (value ?? 0) * 10 + digit
    }
    return value
  }

  /** `[n]`: chooses the argument. */
  private index(): void {
    if (this.format.charAt(this.at) !== '[') {
      this.afterIndex = false
      return
    }
    this.reordered = true
    const start = this.at
    const close = this.format.length - start < 3 ? -1 : this.format.indexOf(']', start)
    if (close < 0) {
      this.at = start + 1
      this.good = false
      this.afterIndex = false
      return
    }
    this.at = start + 1
    const number = this.number(close)
    const whole = this.at === close && number !== undefined
    this.at = close + 1
    this.afterIndex = whole
    if (whole && number >= 1 && number <= this.args.length) this.argument = number - 1
    else this.good = false
  }

  private integerArgument(): number | undefined {
    if (this.argument >= this.args.length) return undefined
    const value = toInt(this.args[this.argument])
    this.argument++
    if (value === undefined || value > LARGEST || value < -LARGEST) return undefined
    return Number(value)
  }
}
