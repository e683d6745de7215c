// What Go's netip.ParsePrefix says against a CIDR, word for word: the text reaches the user when an annotation with
// address ranges is refused. In goes one range, out comes the error text, or undefined for a good range.

import { goQuote } from '../gotemplate/quote.ts'

/** The error of netip.ParsePrefix(text); undefined when there is none. Host bits may be set, zones may not be there. */
export function prefixError(text: string): string | undefined {
  const problem = prefixProblem(text)
  return problem === undefined ? undefined : `netip.ParsePrefix(${goQuote(text)}): ${problem}`
}

function prefixProblem(text: string): string | undefined {
  const slash = text.lastIndexOf('/')
  if (slash < 0) return "no '/'"
  const address = text.slice(0, slash)
  const parsed = parseAddress(address)
  if ('error' in parsed) return parsed.error
  if (parsed.zone) return 'IPv6 zones cannot be present in a prefix'
  const bits = text.slice(slash + 1)
  if (!/^(?:\d|[1-9]\d*)$/.test(bits) || BigInt(bits) >= 2n ** 63n)
    return `bad bits after slash: ${goQuote(bits)}`
  return Number(bits) > parsed.bits ? 'prefix length out of range' : undefined
}

type Address = { readonly bits: 32 | 128; readonly zone: boolean } | { readonly error: string }

/** netip.ParseAddr: the first of `.`, `:` and `%` tells which kind of address it wants to be. */
function parseAddress(text: string): Address {
  const sign = /[.:%]/.exec(text)?.[0]
  if (sign === undefined) return failure(text, 'unable to parse IP')
  if (sign === '%') return failure(text, 'missing IPv6 address')
  if (sign === ':') return parseV6(text)
  const problem = v4Problem(text, text)
  return problem ?? { bits: 32, zone: false }
}

function failure(text: string, message: string, at = ''): { readonly error: string } {
  const place = at === '' ? '' : ` (at ${goQuote(at)})`
  return { error: `ParseAddr(${goQuote(text)}): ${message}${place}` }
}

/** Checks dotted decimal `fields`, the whole or the tail of `text`. */
function v4Problem(text: string, fields: string): { readonly error: string } | undefined {
  let value = 0
  let digits = 0
  let dots = 0
  for (let i = 0; i < fields.length; i++) {
    const char = fields[i] ?? ''
    if (char >= '0' && char <= '9') {
      if (digits === 1 && value === 0) return failure(text, 'IPv4 field has octet with leading zero')
      value = value * 10 + Number(char)
      digits++
      if (value > 255) return failure(text, 'IPv4 field has value >255')
    } else if (char === '.') {
      if (i === 0 || i === fields.length - 1 || fields[i - 1] === '.') {
        return failure(text, 'IPv4 field must have at least one digit', fields.slice(i))
      }
      if (dots === 3) return failure(text, 'IPv4 address too long')
      dots++
      value = 0
      digits = 0
    } else {
      return failure(text, 'unexpected character', fields.slice(i))
    }
  }
  return dots < 3 ? failure(text, 'IPv4 address too short') : undefined
}

/** netip's parseIPv6: `size` counts the bytes read so far, 16 make an address. */
function parseV6(text: string): Address {
  const percent = text.indexOf('%')
  const zone = percent !== -1
  if (percent === text.length - 1) return failure(text, 'zone must be a non-empty string')
  let rest = zone ? text.slice(0, percent) : text
  let ellipsis = false
  if (rest.startsWith('::')) {
    ellipsis = true
    rest = rest.slice(2)
    if (rest === '') return { bits: 128, zone }
  }
  let size = 0
  while (size < 16) {
    const group = readGroup(text, rest)
    if (typeof group !== 'number') return group
    if (rest[group] === '.') {
      const problem = embeddedProblem(text, rest, size, ellipsis)
      if (problem !== undefined) return problem
      rest = ''
      size += 4
      break
    }
    size += 2
    rest = rest.slice(group)
    if (rest === '') break
    if (rest[0] !== ':') return failure(text, 'unexpected character, want colon', rest)
    if (rest.length === 1) return failure(text, 'colon must be followed by more characters', rest)
    rest = rest.slice(1)
    if (rest[0] === ':') {
      if (ellipsis) return failure(text, 'multiple :: in address', rest)
      ellipsis = true
      rest = rest.slice(1)
      if (rest === '') break
    }
  }
  if (rest !== '') return failure(text, 'trailing garbage after address', rest)
  if (size < 16 && !ellipsis) return failure(text, 'address string too short')
  if (size >= 16 && ellipsis) return failure(text, 'the :: must expand to at least one field of zeros')
  return { bits: 128, zone }
}

/** How many hexadecimal digits `rest` starts with, one to four. */
function readGroup(text: string, rest: string): number | { readonly error: string } {
  const digits = /^[0-9a-fA-F]*/.exec(rest)?.[0].length ?? 0
  if (digits > 4) return failure(text, 'each group must have 4 or less digits', rest)
  if (digits === 0) return failure(text, 'each colon-separated field must have at least one digit', rest)
  return digits
}

/** An IPv4 tail takes the place of the last two groups. */
function embeddedProblem(
  text: string,
  rest: string,
  size: number,
  ellipsis: boolean,
): { readonly error: string } | undefined {
  if (!ellipsis && size !== 12) {
    return failure(text, 'embedded IPv4 address must replace the final 2 fields of the address', rest)
  }
  if (size > 12) {
    return failure(text, 'too many hex fields to fit an embedded IPv4 at the end of the address', rest)
  }
  return v4Problem(text, rest)
}
