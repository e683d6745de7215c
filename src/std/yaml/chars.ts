// Characters as libyaml's scanner (go-yaml v2) sees them: a text as a list of UTF-16 units, and the class of each by table.
// The list ends with NULs, which no YAML text may hold, so that looking ahead needs no bounds check.

export const BLANK = 1
export const BREAK = 2
export const END = 4
/** Ends a plain scalar inside a flow collection: `,` `?` `[` `]` `{` `}`. */
export const FLOW = 8
/** Letters, digits, `_` and `-`: names of anchors and tag handles. */
export const WORD = 16
export const DIGIT = 32
/** Never starts a plain scalar. */
export const INDICATOR = 64
/** May stand in the URI of a tag besides letters and digits. */
export const URI = 128

export const BLANKZ = BLANK | BREAK | END
export const BREAKZ = BREAK | END
export const SPACES = BLANK | BREAK

/** The class of every UTF-16 unit. Read directly only where each lookup counts. */
export const CLASS = new Uint8Array(0x10000)

function mark(chars: string, bits: number): void {
  for (let i = 0; i < chars.length; i++) {
    const code = chars.charCodeAt(i)
    CLASS[code] = (CLASS[code] ?? 0) | bits
  }
}

mark(' \t', BLANK)
mark('\r\n\u0085\u2028\u2029', BREAK)
mark('\0', END)
mark(',?[]{}', FLOW)
mark('0123456789', DIGIT | WORD)
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-', WORD)
mark('-?:,[]{}#&*!|>\'"%@`', INDICATOR)
mark(";/?:@&=+$,.!~*'()[]%", URI)

export function charClass(code: number): number {
  return CLASS[code] ?? END
}

/** How far a scanner looks ahead of what may be the end. */
const AHEAD = 4

const encoder = new TextEncoder()

/**
 * The UTF-16 units of `text` with NULs behind: an array is looked into several times faster than a string. Text of
 * ASCII, whose units are its bytes, is copied by the encoder at once.
 */
export function unitsOf(text: string): Uint16Array {
  const { length } = text
  const bytes = new Uint8Array(length + AHEAD)
  const { read, written } = encoder.encodeInto(text, bytes)
  // Bytes are as many as units only where each unit is one.
  if (read === length && written === length) return new Uint16Array(bytes)
  const units = new Uint16Array(length + AHEAD)
  for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i)
  return units
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Whether `---` or `...` with nothing right after it stands at `pos`. */
export function isDocumentMarker(units: Uint16Array, pos: number): boolean {
  const code = units[pos]
  return (
    (code === 45 || code === 46) &&
    units[pos + 1] === code &&
    units[pos + 2] === code &&
    (charClass(units[pos + 3] ?? 0) & BLANKZ) !== 0
  )
}
