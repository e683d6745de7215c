// What is wrong with a text that should be JSON, in the words of Go's encoding/json scanner. Only for texts whose
// error reaches a person; valid texts are read with JSON.parse.

type Found = { readonly at: number } | { readonly problem: string }

const END = { problem: 'unexpected end of JSON input' }
const NAMED: { readonly [char: string]: string } = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
}

/** One byte as Go shows it; the scanner works on bytes, so only the first byte of a longer character is shown. */
function showByte(char: string): string {
  const named = NAMED[char]
  if (named !== undefined) return `'${named}'`
  const byte = new TextEncoder().encode(char)[0] ?? 0
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u${byte.toString(16).padStart(4, '0')}'`
  return `'${String.fromCharCode(byte)}'`
}

function invalid(text: string, at: number, context: string): Found {
  const char = text.codePointAt(at)
  if (char === undefined) return END
  return { problem: `invalid character ${showByte(String.fromCodePoint(char))} ${context}` }
}

function blanks(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}

function literal(text: string, from: number, word: string): Found {
  for (let i = 1; i < word.length; i++) {
    if (text[from + i] !== word[i])
      return invalid(text, from + i, `in literal ${word} (expecting '${word[i]}')`)
  }
  return { at: from + word.length }
}

function digits(text: string, from: number, context: string): Found {
  let at = from
  while (at < text.length && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++
  return at === from ? invalid(text, at, context) : { at }
}

function number(text: string, from: number): Found {
  const start = text[from] === '-' ? from + 1 : from
  let end = text[start] === '0' ? { at: start + 1 } : digits(text, start, 'in numeric literal')
  if ('at' in end && text[end.at] === '.')
    end = digits(text, end.at + 1, 'after decimal point in numeric literal')
  if ('at' in end && (text[end.at] === 'e' || text[end.at] === 'E')) {
    const sign = text[end.at + 1] === '+' || text[end.at + 1] === '-' ? 2 : 1
    end = digits(text, end.at + sign, 'in exponent of numeric literal')
  }
  return end
}

function string(text: string, from: number): Found {
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') return { at: at + 1 }
    if (char < ' ') return invalid(text, at, 'in string literal')
    if (char !== '\\') continue
    at++
    if (text[at] === 'u') {
      for (let i = 1; i <= 4; i++) {
        if (!/^[0-9a-fA-F]$/.test(text.charAt(at + i))) {
          return invalid(text, at + i, 'in \\u hexadecimal character escape')
        }
      }
      at += 4
    } else if (!'bfnrt\\/"'.includes(text.charAt(at)) || at >= text.length) {
      return invalid(text, at, 'in string escape code')
    }
  }
  return END
}

function scalar(text: string, at: number): Found {
  const char = text.charAt(at)
  if (char === '"') return string(text, at)
  if (char === 't') return literal(text, at, 'true')
  if (char === 'f') return literal(text, at, 'false')
  if (char === 'n') return literal(text, at, 'null')
  if (char === '-' || (char >= '0' && char <= '9')) return number(text, at)
  return invalid(text, at, 'looking for beginning of value')
}

/** Reads `"key" :` of an object; the position after the colon. */
function key(text: string, from: number): Found {
  if (text[from] !== '"') return invalid(text, from, 'looking for beginning of object key string')
  const name = string(text, from)
  if (!('at' in name)) return name
  const colon = blanks(text, name.at)
  return text[colon] === ':' ? { at: colon + 1 } : invalid(text, colon, 'after object key')
}

/** What Go's scanner says of `text`, as `unexpected end of JSON input`; undefined when it is valid JSON. */
export function jsonSyntaxProblem(text: string): string | undefined {
  const open: string[] = []
  let at = 0
  for (;;) {
    at = blanks(text, at)
    const char = text[at]
    let closed: Found
    if (char === '{' || char === '[') {
      const inside = blanks(text, at + 1)
      if (text[inside] !== (char === '{' ? '}' : ']')) {
        open.push(char)
        const first = char === '{' ? key(text, inside) : { at: inside }
        if (!('at' in first)) return first.problem
        at = first.at
        continue
      }
      closed = { at: inside + 1 }
    } else closed = scalar(text, at)
    if (!('at' in closed)) return closed.problem
    at = blanks(text, closed.at)
    while (open.length > 0 && text[at] === (open.at(-1) === '{' ? '}' : ']')) {
      open.pop()
      at = blanks(text, at + 1)
    }
    const around = open.at(-1)
    if (around === undefined) {
      const after = at < text.length ? invalid(text, at, 'after top-level value') : undefined
      return after !== undefined && 'problem' in after ? after.problem : undefined
    }
    if (text[at] !== ',') {
      const after = invalid(text, at, around === '{' ? 'after object key:value pair' : 'after array element')
      return 'problem' in after ? after.problem : undefined
    }
    const next: Found = around === '{' ? key(text, blanks(text, at + 1)) : { at: at + 1 }
    if (!('at' in next)) return next.problem
    at = next.at
  }
}
