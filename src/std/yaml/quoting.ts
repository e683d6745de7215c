// How text may be written in YAML: what libyaml's emitter (emitterc.go, analysis of scalars) finds out about it, and
// go-yaml's question whether the plain text would read back as something else than text.
// In: text; out: facts that the emitter chooses a style by.

import { BLANK, BLANKZ, BREAK, charClass } from './chars.ts'
import { resolvePlain } from './resolve.ts'
import { isTimestamp } from './tags.ts'

export interface Analysis {
  /** Has a line break of any kind. */
  readonly multiline: boolean
  readonly plainAllowed: boolean
  readonly singleAllowed: boolean
  readonly blockAllowed: boolean
  /** Plain, it would be read as a number, a word, a time or null; or as a base-60 number by other parsers. */
  readonly resolves: boolean
}

/** Text with nothing in it that is special to YAML. */
const SAFE = /^[A-Za-z0-9/][A-Za-z0-9/._-]*$/
const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const FIRST_INDICATORS = '#,[]{}&*!|>\'"%@`'

export function analyse(text: string): Analysis {
  const resolves = typeof resolvePlain(text) !== 'string' || isTimestamp(text) || BASE60.test(text)
  if (text === '' || SAFE.test(text)) {
    return { multiline: false, plainAllowed: true, singleAllowed: true, blockAllowed: text !== '', resolves }
  }
  const { breaks, spaceBreak, breakSpace } = layout(text)
  const broken = spaceBreak || hasSpecial(text)
  const singleAllowed = !(breakSpace || broken)
  const edges = text.startsWith(' ') || text.endsWith(' ')
  return {
    multiline: breaks,
    plainAllowed: singleAllowed && !edges && !breaks && !hasIndicators(text),
    singleAllowed,
    blockAllowed: !broken && !text.endsWith(' '),
    resolves,
  }
}

/** Line breaks, and spaces right before or after one. */
function layout(text: string): { breaks: boolean; spaceBreak: boolean; breakSpace: boolean } {
  const found = { breaks: false, spaceBreak: false, breakSpace: false }
  let previous = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const isBreak = (charClass(code) & BREAK) !== 0
    if (isBreak) {
      found.breaks = true
      if (previous === 32) found.spaceBreak = true
    } else if (code === 32 && (charClass(previous) & BREAK) !== 0) {
      found.breakSpace = true
    }
    previous = code
  }
  return found
}

/** Characters that only an escape can write: control characters but LF, U+FEFF, U+FFFE, U+FFFF, and beyond U+FFFF. */
function hasSpecial(text: string): boolean {
  return /[^\n -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text)
}

/** Characters that would end a plain scalar or begin something else. */
function hasIndicators(text: string): boolean {
  if (text.startsWith('---') || text.startsWith('...')) return true
  let afterSpace = true
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    const beforeSpace = i + 1 >= text.length || (charClass(text.charCodeAt(i + 1)) & BLANK) !== 0
    if (i === 0 && FIRST_INDICATORS.includes(char)) return true
    if (i === 0 && (char === '-' || char === '?') && beforeSpace) return true
    if (char === ':' && beforeSpace) return true
    if (char === '#' && afterSpace) return true
    afterSpace = (charClass(text.charCodeAt(i)) & BLANKZ) !== 0
  }
  return false
}
