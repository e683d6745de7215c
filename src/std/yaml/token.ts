// Tokens of a YAML text, and what is thrown when it has none: both as libyaml knows them.
// Positions are UTF-16 offsets into the text under scan; lines and columns count from 0.

export const STREAM_END = 0
export const VERSION_DIRECTIVE = 1
export const TAG_DIRECTIVE = 2
export const DOCUMENT_START = 3
export const DOCUMENT_END = 4
export const BLOCK_SEQUENCE_START = 5
export const BLOCK_MAPPING_START = 6
export const BLOCK_END = 7
export const FLOW_SEQUENCE_START = 8
export const FLOW_SEQUENCE_END = 9
export const FLOW_MAPPING_START = 10
export const FLOW_MAPPING_END = 11
export const BLOCK_ENTRY = 12
export const FLOW_ENTRY = 13
export const KEY = 14
export const VALUE = 15
export const ALIAS = 16
export const ANCHOR = 17
export const TAG = 18
export const SCALAR = 19

export const PLAIN = 0
export const SINGLE_QUOTED = 1
export const DOUBLE_QUOTED = 2
export const LITERAL = 3
export const FOLDED = 4

export class Token {
  readonly kind: number
  readonly start: number
  readonly line: number
  readonly column: number
  /** Text of a scalar, name of an anchor or alias, handle of a tag or %TAG, `major.minor` of %YAML. */
  readonly value: string
  /** Suffix of a tag, prefix of %TAG. */
  readonly suffix: string
  /** Style of a scalar. */
  readonly style: number

  constructor(
    kind: number,
    start: number,
    line: number,
    column: number,
    value = '',
    suffix = '',
    style = PLAIN,
  ) {
    this.kind = kind
    this.start = start
    this.line = line
    this.column = column
    this.value = value
    this.suffix = suffix
    this.style = style
  }
}

export interface Mark {
  readonly line: number
  readonly column: number
}

const START: Mark = { line: 0, column: 0 }

/**
 * A text that is no YAML, or that the limits refuse. `message` is go-yaml's, its way of counting lines included (scanner
 * errors from 1, parser errors from 0, none on the first line); `mark` is the place itself.
 */
export class YamlFault extends Error {
  readonly mark: Mark
  /** True for our own limits, which Go does not have. */
  readonly limit: boolean

  constructor(message: string, mark: Mark, limit = false) {
    super(message)
    this.name = 'YamlFault'
    this.mark = mark
    this.limit = limit
  }
}

export function scannerFault(problem: string, at: Mark, context: Mark = START): YamlFault {
  const line = at.line !== 0 ? at.line + 1 : context.line
  return new YamlFault(line === 0 ? `yaml: ${problem}` : `yaml: line ${line}: ${problem}`, at)
}

export function parserFault(problem: string, at: Mark, context: Mark = START): YamlFault {
  const line = at.line !== 0 ? at.line : context.line
  return new YamlFault(line === 0 ? `yaml: ${problem}` : `yaml: line ${line}: ${problem}`, at)
}
