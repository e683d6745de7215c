// URLs as Go's net/url reads and writes them, for urlParse and urlJoin.
// Inside, a text is the string of its bytes (one unit a byte), because escapes are about bytes.

import { fromBytes, toBytes } from '../../std/bytes.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { goQuote } from '../quote.ts'
import type { GoMap, GoValue } from '../value.ts'
import { dictOf, fixed, kindName, newDict, text } from './go.ts'

interface User {
  readonly name: string
  readonly password: string | undefined
}

interface Url {
  readonly scheme: string
  readonly opaque: string
  readonly user: User | undefined
  readonly host: string
  readonly path: string
  readonly query: string
  readonly fragment: string
}

type Mode = 'path' | 'user' | 'host' | 'zone' | 'fragment'

const HOST_SAFE = /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/
/** What stands unescaped in each part. */
const SAFE: Readonly<Record<Mode, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  host: HOST_SAFE,
  zone: HOST_SAFE,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
}

function escaped(value: string, mode: Mode): string {
  return value.replace(/./gs, (char) =>
    SAFE[mode].test(char) ? char : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function unescaped(value: string, mode: Mode): string {
  return value.replace(/%.{0,2}|./gs, (part) => {
    if (part.startsWith('%')) {
      const byte = /^%[0-9a-fA-F]{2}$/.test(part) ? Number.parseInt(part.slice(1), 16) : -1
      const char = String.fromCharCode(byte)
      const allowed =
        byte >= 0 &&
        (mode !== 'host' || byte >= 0x80 || part === '%25') &&
        (mode !== 'zone' || part === '%25' || char === ' ' || SAFE.host.test(char))
      if (!allowed) throw new FuncError(`invalid URL escape ${goQuote(part)}`)
      return char
    }
    if ((mode === 'host' || mode === 'zone') && part < '\x80' && !SAFE.host.test(part)) {
      throw new FuncError(`invalid character ${goQuote(part)} in host name`)
    }
    return part
  })
}

/** The text before and after the first `separator`; the second is "" without one. */
function cut(value: string, separator: string): [string, string] {
  const at = value.indexOf(separator)
  return at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + separator.length)]
}

function splitScheme(source: string): [scheme: string, rest: string] {
  if (source.startsWith(':')) throw new FuncError('missing protocol scheme')
  const match = /^([a-zA-Z][a-zA-Z0-9+\-.]*):(.*)$/s.exec(source)
  return match === null ? ['', source] : [(match[1] ?? '').toLowerCase(), match[2] ?? '']
}

function parseUrl(source: string): Url {
  const [main, fragment] = cut(source, '#')
  const named = (error: unknown, url: string): unknown =>
    error instanceof FuncError ? new FuncError(`parse ${goQuote(url)}: ${error.message}`) : error
  let url: Url
  try {
    url = parseMain(main)
  } catch (error) {
    throw named(error, main)
  }
  try {
    return { ...url, fragment: unescaped(fragment, 'fragment') }
  } catch (error) {
    throw named(error, source)
  }
}

function parseMain(source: string): Url {
  const url: Url = { scheme: '', opaque: '', user: undefined, host: '', path: '', query: '', fragment: '' }
  if (/[\0-\x1f\x7f]/.test(source)) throw new FuncError('net/url: invalid control character in URL')
  if (source === '*') return { ...url, path: '*' }
  const [scheme, afterScheme] = splitScheme(source)
  const [rest, query] = cut(afterScheme, '?')
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...url, scheme, query, opaque: rest }
    if (cut(rest, '/')[0].includes(':')) throw new FuncError('first path segment in URL cannot contain colon')
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    return { ...url, scheme, query, path: unescaped(rest, 'path') }
  }
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  const { user, host } = parseAuthority(authority)
  return { ...url, scheme, query, user, host, path: unescaped(slash < 0 ? '' : rest.slice(slash), 'path') }
}

function parseAuthority(authority: string): Pick<Url, 'user' | 'host'> {
  const at = authority.lastIndexOf('@')
  const host = parseHost(authority.slice(at + 1))
  return { host, user: at < 0 ? undefined : parseUser(authority.slice(0, at)) }
}

function parseUser(userinfo: string): User {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new FuncError('net/url: invalid userinfo')
  const [name, password] = cut(userinfo, ':')
  return {
    name: unescaped(name, 'user'),
    password: userinfo.includes(':') ? unescaped(password, 'user') : undefined,
  }
}

function checkPort(port: string): void {
  if (!/^(?::[0-9]*)?$/.test(port)) throw new FuncError(`invalid port ${goQuote(port)} after host`)
}

function parseHost(host: string): string {
  const open = host.lastIndexOf('[')
  if (open > 0) throw new FuncError('invalid IP-literal')
  if (open === 0) return parseLiteral(host)
  // Earlier colons are kept: many database URLs list hosts with ports.
  const colon = host.lastIndexOf(':')
  if (colon >= 0) checkPort(host.slice(colon))
  return unescaped(host, 'host')
}

function parseLiteral(host: string): string {
  const close = host.lastIndexOf(']')
  if (close < 0) throw new FuncError("missing ']' in host")
  const port = host.slice(close + 1)
  checkPort(port)
  const inside = host.slice(1, close)
  const zone = inside.indexOf('%25')
  const address =
    zone < 0
      ? unescaped(inside, 'host')
      : unescaped(inside.slice(0, zone), 'host') + unescaped(inside.slice(zone), 'zone')
  if (!isIPv6(cut(address, '%')[0]))
    throw new FuncError(`invalid host: ParseAddr(${goQuote(address)}): unable to parse IP`)
  return `[${address}]${port}`
}

function isIPv6(address: string): boolean {
  const v4 = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  if (v4?.slice(2).some((byte) => Number(byte) > 255)) return false
  const halves = (v4 === null ? address : `${v4[1]}0:0`).split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (halves.length > 2 || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  return halves.length === 2 ? groups.length < 8 : groups.length === 8
}

function userText({ name, password }: User): string {
  return escaped(name, 'user') + (password === undefined ? '' : `:${escaped(password, 'user')}`)
}

function hostname(host: string): string {
  const colon = host.lastIndexOf(':')
  const name = colon >= 0 && /^:[0-9]*$/.test(host.slice(colon)) ? host.slice(0, colon) : host
  return name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name
}

function urlText({ scheme, opaque, user, host, path, query, fragment }: Url): string {
  let result = scheme === '' ? '' : `${scheme}:`
  if (opaque !== '') result += opaque
  else {
    if (host !== '' || user !== undefined || (scheme !== '' && path !== '')) result += '//'
    if (user !== undefined) result += `${userText(user)}@`
    result += escaped(host, 'host')
    const shown = path === '*' ? '*' : escaped(path, 'path')
    if (shown !== '' && !shown.startsWith('/') && host !== '') result += '/'
    // A first segment with a colon would read as a scheme.
    if (result === '' && cut(shown, '/')[0].includes(':')) result += './'
    result += shown
  }
  if (query !== '') result += `?${query}`
  return fragment === '' ? result : `${result}#${escaped(fragment, 'fragment')}`
}

const toBinary = (value: string): string =>
  Array.from(toBytes(value), (byte) => String.fromCharCode(byte)).join('')
const fromBinary = (value: string): string => fromBytes(Uint8Array.from(value, (char) => char.charCodeAt(0)))

function urlParse(source: string): GoMap {
  let url: Url
  try {
    url = parseUrl(source)
  } catch (error) {
    if (error instanceof FuncError) throw new FuncError(`unable to parse url: ${fromBinary(error.message)}`)
    throw error
  }
  const parts = {
    scheme: url.scheme,
    host: url.host,
    hostname: hostname(url.host),
    path: url.path,
    query: url.query,
    opaque: url.opaque,
    fragment: url.fragment,
    userinfo: url.user === undefined ? '' : userText(url.user),
  }
  return Object.assign(
    newDict(),
    Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, fromBinary(part)])),
  )
}

/** A text entry of the map, "" when absent. */
function entry(dict: GoMap | undefined, key: string): string {
  if (dict === undefined || !Object.hasOwn(dict, key)) return ''
  const value = dict[key] as GoValue
  if (typeof value === 'string') return toBinary(value)
  if (value === null) throw new FuncError('runtime error: invalid memory address or nil pointer dereference')
  throw new FuncError(`unable to parse ${key} key, must be of type string, but ${kindName(value)} found`)
}

function urlJoin(dict: GoMap | undefined): string {
  const part = (key: string): string => entry(dict, key)
  const [scheme, host, path, query] = [part('scheme'), part('host'), part('path'), part('query')]
  const [opaque, fragment, userinfo] = [part('opaque'), part('fragment'), part('userinfo')]
  let user: User | undefined
  try {
    if (userinfo !== '') user = parseUrl(`proto://${userinfo}@host`).user
  } catch (error) {
    if (error instanceof FuncError) {
      throw new FuncError(`unable to parse userinfo in dict: ${fromBinary(error.message)}`)
    }
    throw error
  }
  return fromBinary(urlText({ scheme, opaque, user, host, path, query, fragment }))
}

export const URL_FUNCS: Record<string, TemplateFunc> = {
  urlParse: fixed(['string'], ([source], { charge }) => {
    charge(text(source).length * 8)
    return urlParse(toBinary(text(source)))
  }),
  urlJoin: fixed(['dict'], ([dict]) => urlJoin(dictOf(dict))),
}
