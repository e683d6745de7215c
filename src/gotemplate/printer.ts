// Prints one value under one verb, as Go's fmt/print.go. In: a value, a verb, the flags. Out: text appended to `text`.
// Every piece is charged before it is built, so that shared or deep data cannot explode.

import { fromBytes } from '../std/bytes.ts'
import {
  type Charge,
  type Flags,
  formatChar,
  formatFloatVerb,
  formatHexBytes,
  formatHexText,
  formatInteger,
  formatQuoted,
  formatQuotedChar,
  formatUnicode,
  noFlags,
  pad,
  truncate,
} from './format-flags.ts'
import { ANY, STRING, typeName, typeOf, wrap } from './types.ts'
import { type GoType, type GoValue, Typed } from './value.ts'
import { entries, findMethod, isIntegerKind, toFloat, toInt } from './value-ops.ts'

/** Addresses are not ours to print; Go prints one like this. */
const ADDRESS = 0xc000012000n

/** The text so far and the flags of the verb at hand: the state of one call of a print function. */
export class Printer {
  text = ''
  flags: Flags = noFlags()
  private erroring = false
  private readonly charge: Charge

  constructor(charge: Charge) {
    this.charge = charge
  }

  write(piece: string): void {
    this.charge(piece.length)
    this.text += piece
  }

  /** An operand of a print function. */
  printArgument(value: GoValue, verb: string): void {
    if (value === undefined || value === null) {
      if (verb === 'T' || verb === 'v') this.write(pad(this.flags, '<nil>', this.charge))
      else this.badVerb(value, verb)
      return
    }
    if (verb === 'w' && !isSimple(value)) this.badVerb(value, verb)
    else if (verb === 'T') this.formatText(typeName(value), 's', value)
    else if (verb === 'p') this.printPointer(value, verb)
    else if (value instanceof Typed && value.type.name === '[]uint8')
      this.printSlice(value, verb, 0, '[]byte')
    else if (value instanceof Typed && this.printByMethod(value, verb)) return
    else this.printValue(value, verb, 0)
  }

  /** A value inside another one (depth > 0) or an operand without methods of its own. */
  private printValue(value: GoValue, verb: string, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.formatText(value, verb, value)
        return
      case 'boolean':
        this.formatBool(value, verb, value)
        return
      case 'number':
        this.formatFloat(value, 64, verb, value)
        return
      case 'bigint':
        this.formatInt(value, verb, value)
        return
      case 'undefined':
        this.write('<nil>')
        return
      case 'function':
        this.printPointer(value, verb)
        return
      default:
    }
    if (value === null) {
      this.write(this.flags.sharpV ? 'interface {}(nil)' : '<nil>')
      return
    }
    if (value instanceof Typed) {
      if (depth > 0 && this.printByMethod(value, verb)) return
      this.printTyped(value, verb, depth)
      return
    }
    if (Array.isArray(value)) this.printList(value as readonly unknown[], ANY, '[]interface {}', verb, depth)
    else this.printMap(value, 'map[string]interface {}', STRING, verb, depth)
  }

  private printTyped(value: Typed, verb: string, depth: number): void {
    const { type, raw } = value
    switch (type.kind) {
      case 'string':
        this.formatText((raw ?? '') as string, verb, value)
        return
      case 'bool':
        this.formatBool(raw === true, verb, value)
        return
      case 'float32':
      case 'float64':
        this.formatFloat(toFloat(value) ?? 0, type.kind === 'float32' ? 32 : 64, verb, value)
        return
      case 'complex128':
        this.formatComplex(raw as { re: number; im: number }, verb, value)
        return
      case 'slice':
        this.printSlice(value, verb, depth)
        return
      case 'map':
        if (this.flags.sharpV && raw === undefined) {
          this.write(`${type.name}(nil)`)
          return
        }
        this.printMap(value, type.name, type.key ?? STRING, verb, depth)
        return
      case 'struct':
        this.printStruct(type, raw, verb, depth)
        return
      case 'pointer':
        this.printPointee(value, verb, depth)
        return
      default:
        if (isIntegerKind(type.kind)) {
          this.formatInt(toInt(value) ?? 0n, verb, value)
          return
        }
        this.printPointer(value, verb)
        return
    }
  }

  private printSlice(value: Typed, verb: string, depth: number, name = value.type.name): void {
    const { type, raw } = value
    const elem = type.elem ?? ANY
    if (elem.kind === 'uint8' && raw !== undefined && /[sqxX]/.test(verb)) {
      this.formatBytes(Uint8Array.from(raw as ArrayLike<number>), verb, value)
      return
    }
    if (this.flags.sharpV && raw === undefined) {
      this.write(`${name}(nil)`)
      return
    }
    this.printList((raw ?? []) as ArrayLike<unknown>, elem, name, verb, depth)
  }

  private printList(raw: ArrayLike<unknown>, elem: GoType, name: string, verb: string, depth: number): void {
    const { sharpV } = this.flags
    this.write(sharpV ? `${name}{` : '[')
    for (let i = 0; i < raw.length; i++) {
      if (i > 0) this.write(sharpV ? ', ' : ' ')
      this.printValue(wrap(elem, raw[i]), verb, depth + 1)
    }
    this.write(sharpV ? '}' : ']')
  }

  private printMap(value: GoValue, name: string, key: GoType, verb: string, depth: number): void {
    const { sharpV } = this.flags
    this.write(sharpV ? `${name}{` : 'map[')
    let separator = ''
    for (const [text, item] of entries(value) ?? []) {
      this.write(separator)
      separator = sharpV ? ', ' : ' '
      this.printValue(wrap(key, text), verb, depth + 1)
      this.write(':')
      this.printValue(item, verb, depth + 1)
    }
    this.write(sharpV ? '}' : ']')
  }

  private printStruct(type: GoType, raw: unknown, verb: string, depth: number): void {
    const { sharpV, plusV } = this.flags
    this.write(sharpV ? `${type.name}{` : '{')
    let separator = ''
    for (const found of type.fields?.().values() ?? []) {
      this.write(separator)
      separator = sharpV ? ', ' : ' '
      if (sharpV || plusV) this.write(`${found.name}:`)
      this.printValue(wrap(found.type, raw === undefined ? undefined : found.get(raw)), verb, depth + 1)
    }
    this.write('}')
  }

  /** A pointer to a list, map or struct is followed at the top only; Go avoids loops so. */
  private printPointee(value: Typed, verb: string, depth: number): void {
    const elem = value.type.elem ?? ANY
    if (depth === 0 && value.raw !== undefined && /slice|struct|map/.test(elem.kind)) {
      this.write('&')
      this.printValue(wrap(elem, value.raw), verb, depth + 1)
    } else this.printPointer(value, verb)
  }

  private printPointer(value: GoValue, verb: string): void {
    const kind = typeOf(value)?.kind ?? ''
    if (!/slice|map|func|pointer/.test(kind)) {
      this.badVerb(value, verb)
      return
    }
    const address = value instanceof Typed && value.raw === undefined ? 0n : ADDRESS
    const hex = `0x${address.toString(16)}`
    if (verb === 'v' && this.flags.sharpV) this.write(`(${typeName(value)})(${address === 0n ? 'nil' : hex})`)
    else if (verb === 'v' && address === 0n) this.write(pad(this.flags, '<nil>', this.charge))
    else if (verb === 'v' || verb === 'p') {
      const flags = { ...this.flags, sharp: !this.flags.sharp }
      this.write(formatInteger(flags, address, 'x', this.charge))
    } else if (/[bodxX]/.test(verb)) this.formatInt(address, verb, value)
    else this.badVerb(value, verb)
  }

  /** True when an Error or String method of the value has printed it. */
  private printByMethod(value: Typed, verb: string): boolean {
    if (this.erroring || this.flags.sharpV || !/[vsxXq]/.test(verb) || value.type.byPointer === true)
      return false
    const bound = findMethod(value, 'Error') ?? findMethod(value, 'String')
    if (bound === undefined) return this.nilByMethod(value)
    if (bound.method.params.length > 0 || bound.method.result.kind !== 'string') return false
    this.formatText(String(bound.method.call(bound.raw, [])), verb, value)
    return true
  }

  /** A nil pointer whose methods need a value: Go catches the panic and prints `<nil>`. */
  private nilByMethod(value: Typed): boolean {
    const { type, raw } = value
    if (type.kind !== 'pointer' || raw !== undefined || type.elem?.methods === undefined) return false
    const methods = type.elem.methods()
    if (!methods.has('String') && !methods.has('Error')) return false
    this.write('<nil>')
    return true
  }

  private badVerb(value: GoValue, verb: string): void {
    this.erroring = true
    this.write(`%!${verb}(`)
    if (value === undefined || value === null) this.write('<nil>')
    else {
      this.write(`${typeName(value)}=`)
      this.printValue(value, 'v', 0)
    }
    this.write(')')
    this.erroring = false
  }

  private formatText(text: string, verb: string, value: GoValue): void {
    const { flags, charge } = this
    if (verb === 's' || (verb === 'v' && !flags.sharpV)) {
      this.write(pad(flags, truncate(flags, text), charge))
    } else if (verb === 'q' || verb === 'v') {
      charge(text.length)
      this.write(formatQuoted(flags, text, charge))
    } else if (verb === 'x' || verb === 'X') {
      this.write(formatHexText(flags, text, verb, charge))
    } else this.badVerb(value, verb)
  }

  private formatBytes(bytes: Uint8Array, verb: string, value: GoValue): void {
    if (verb === 'x' || verb === 'X') this.write(formatHexBytes(this.flags, bytes, verb, this.charge))
    else this.formatText(fromBytes(bytes), verb, value)
  }

  private formatBool(flag: boolean, verb: string, value: GoValue): void {
    if (verb === 't' || verb === 'v') this.write(pad(this.flags, String(flag), this.charge))
    else this.badVerb(value, verb)
  }

  private formatFloat(number: number, bits: 32 | 64, verb: string, value: GoValue): void {
    if (/[vbgGxXfFeE]/.test(verb)) this.write(formatFloatVerb(this.flags, number, bits, verb, this.charge))
    else this.badVerb(value, verb)
  }

  private formatComplex({ re, im }: { re: number; im: number }, verb: string, value: GoValue): void {
    if (!/[vbgGxXfFeE]/.test(verb)) {
      this.badVerb(value, verb)
      return
    }
    const { flags, charge } = this
    this.write('(')
    this.write(formatFloatVerb(flags, re, 64, verb, charge))
    this.write(formatFloatVerb({ ...flags, plus: true }, im, 64, verb, charge))
    this.write('i)')
  }

  private formatInt(number: bigint, verb: string, value: GoValue): void {
    const { flags, charge } = this
    if (verb === 'v' && flags.sharpV && typeOf(value)?.kind.startsWith('uint')) {
      this.write(formatInteger({ ...flags, sharp: true }, number, 'x', charge))
    } else if (/[vdboOxX]/.test(verb)) this.write(formatInteger(flags, number, verb, charge))
    else if (verb === 'c') this.write(formatChar(flags, number, charge))
    else if (verb === 'q') this.write(formatQuotedChar(flags, number, charge))
    else if (verb === 'U') this.write(formatUnicode(flags, number, charge))
    else this.badVerb(value, verb)
  }
}

/** What Go prints without looking for methods: predeclared types and []byte. */
function isSimple(value: GoValue): boolean {
  if (!(value instanceof Typed)) return typeof value !== 'object' && typeof value !== 'function'
  return value.type.name === value.type.kind || value.type.name === '[]uint8'
}
