// The escapers among Go's builtins: html, js, urlquery. In: the printed text of the arguments. Out: escaped text.

import { toBytes } from '../std/bytes.ts'
import { isPrint } from './quote.ts'

const HTML: { readonly [char: string]: string } = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

/** template.HTMLEscapeString. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (char) => HTML[char] ?? char)
}

const JS: { readonly [char: string]: string } = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

/** template.JSEscapeString: for use inside a quoted JavaScript string. */
export function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\0-\x1f]|[^\0-\x7f]/gu, (char) => {
    const known = JS[char]
    if (known !== undefined) return known
    const code = char.codePointAt(0) ?? 0
    if (code >= 0x80 && isPrint(code)) return char
    // A byte outside UTF-8 is decoded as U+FFFD, which can be printed.
    if (code >= 0xd800 && code < 0xe000) return '\ufffd'
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
}

/** url.QueryEscape. */
export function escapeUrlQuery(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text
  let escaped = ''
  for (const byte of toBytes(text)) {
    const char = String.fromCharCode(byte)
    if (/[A-Za-z0-9_.~-]/.test(char)) escaped += char
    else escaped += byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}
