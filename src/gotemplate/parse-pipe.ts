// Parses what stands inside an action: pipelines, commands, operands (Go's parse.go, second half).
// Knows the functions and which variables are declared so far.

import type { ArgNode, CommandNode, PipeNode, VariableNode } from './ast.ts'
import { nodeText } from './ast.ts'
import type { FuncMap } from './func.ts'
import type { Token, TokenKind } from './lex.ts'
import { type NumberValue, parseComplex, parseNumber, unquote, unquoteCharacter } from './number.ts'
import { goQuote } from './quote.ts'
import type { Tokens } from './tokens.ts'

/** What pipelines of one definition share while it is parsed. */
export class Scope {
  readonly tokens: Tokens
  readonly funcs: FuncMap
  nesting: number
  private variables = ['$']

  constructor(tokens: Tokens, funcs: FuncMap, nesting: number) {
    this.tokens = tokens
    this.funcs = funcs
    this.nesting = nesting
  }

  declare(name: string): void {
    this.variables.push(name)
  }

  isDeclared(name: string): boolean {
    return this.variables.includes(name)
  }

  mark(): number {
    return this.variables.length
  }

  release(mark: number): void {
    this.variables.length = mark
  }
}

/** Parentheses and surrounding actions inside each other; Go allows 10,000 parentheses. */
export const MAX_PIPE_NESTING = 800

/** declarations? command ('|' command)*, up to the token `end`. */
export function parsePipe(scope: Scope, context: string, end: TokenKind): PipeNode {
  const { tokens } = scope
  const { pos } = tokens.peekNonSpace()
  const { declared, assigns } = parseDeclarations(scope, context)
  const commands: CommandNode[] = []
  for (;;) {
    const token = tokens.nextNonSpace()
    if (token.kind === end) break
    if (!STARTS_COMMAND.has(token.kind)) tokens.unexpected(token, context)
    tokens.back(token)
    commands.push(parseCommand(scope))
  }
  checkPipe(tokens, commands, context)
  return { type: 'pipe', pos, declared, assigns, commands }
}

const STARTS_COMMAND: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'character',
  'complex',
  '.',
  'field',
  'identifier',
  'number',
  'nil',
  'string',
  'variable',
  '(',
])

function checkPipe(tokens: Tokens, commands: readonly CommandNode[], context: string): void {
  if (commands.length === 0) tokens.fail(`missing value for ${context}`)
  commands.forEach((command, i) => {
    if (i > 0 && /^(?:bool|dot|nil|number|string)$/.test(command.args[0]?.type ?? '')) {
      tokens.fail(`non executable command in pipeline stage ${i + 1}`, command.pos)
    }
  })
}

/** `$x :=`, `$x =`, and for range `$i, $x :=`. */
function parseDeclarations(scope: Scope, context: string): { declared: VariableNode[]; assigns: boolean } {
  const { tokens } = scope
  const declared: VariableNode[] = []
  for (;;) {
    const variable = tokens.peekNonSpace()
    if (variable.kind !== 'variable') return { declared, assigns: false }
    tokens.next()
    // A blank is a token, so up to three tokens are read to see that `$x foo` declares nothing.
    const after = tokens.peek()
    const next = tokens.peekNonSpace()
    const isComma = next.kind === 'char' && next.text === ','
    if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
      if (after.kind === 'space') tokens.back(after)
      tokens.back(variable)
      return { declared, assigns: false }
    }
    tokens.nextNonSpace()
    declared.push({ type: 'variable', pos: variable.pos, names: [variable.text] })
    scope.declare(variable.text)
    if (!isComma) return { declared, assigns: next.kind === 'assign' }
    if (context !== 'range' || declared.length >= 2)
      tokens.fail(`too many declarations in ${context}`, variable.pos)
    const following = tokens.peekNonSpace().kind
    if (following !== 'variable' && following !== 'right' && following !== ')') {
      tokens.fail('range can only initialize variables')
    }
  }
}

/** Operands parted by blanks, up to a pipe (which is taken) or the end of the pipeline (which is not). */
function parseCommand(scope: Scope): CommandNode {
  const { tokens } = scope
  const { pos } = tokens.peekNonSpace()
  const args: ArgNode[] = []
  for (;;) {
    tokens.peekNonSpace()
    const operand = parseOperand(scope)
    if (operand !== undefined) args.push(operand)
    const token = tokens.next()
    if (token.kind === 'space') continue
    if (token.kind === 'right' || token.kind === ')') tokens.back(token)
    else if (token.kind !== 'pipe') tokens.unexpected(token, 'operand')
    break
  }
  if (args.length === 0) tokens.fail('empty command')
  return { type: 'command', pos, args }
}

/** A term and the fields read from it. */
function parseOperand(scope: Scope): ArgNode | undefined {
  const { tokens } = scope
  const term = parseTerm(scope)
  if (term === undefined || tokens.peek().kind !== 'field') return term
  const { pos } = tokens.peek()
  const names: string[] = []
  while (tokens.peek().kind === 'field') names.push(tokens.next().text.slice(1))
  switch (term.type) {
    case 'field':
      return { type: 'field', pos, names: [...term.names, ...names] }
    case 'variable':
      return { type: 'variable', pos, names: [...term.names, ...names] }
    case 'bool':
    case 'string':
    case 'number':
    case 'nil':
    case 'dot':
      return tokens.fail(`unexpected . after term ${goQuote(nodeText(term))}`, pos)
    default:
      return { type: 'chain', pos, of: term, names }
  }
}

function parseTerm(scope: Scope): ArgNode | undefined {
  const { tokens } = scope
  const token = tokens.nextNonSpace()
  const { pos, text } = token
  switch (token.kind) {
    case 'identifier':
      checkFunction(scope, token)
      return { type: 'identifier', pos, name: text }
    case '.':
      return { type: 'dot', pos }
    case 'nil':
      return { type: 'nil', pos }
    case 'variable':
      if (!scope.isDeclared(text)) tokens.fail(`undefined variable ${goQuote(text)}`, pos)
      return { type: 'variable', pos, names: [text] }
    case 'field':
      return { type: 'field', pos, names: [text.slice(1)] }
    case 'bool':
      return { type: 'bool', pos, value: text === 'true' }
    case 'character':
    case 'complex':
    case 'number':
      return { type: 'number', pos, text, value: parseNumberToken(tokens, token) }
    case '(':
      return parseParentheses(scope)
    case 'string':
      return { type: 'string', pos, quoted: text, value: unquote(text) ?? tokens.fail('invalid syntax', pos) }
    default:
      tokens.back(token)
      return undefined
  }
}

function parseParentheses(scope: Scope): PipeNode {
  if (scope.nesting >= MAX_PIPE_NESTING)
    scope.tokens.fail('max expression depth exceeded', undefined, 'limit')
  scope.nesting++
  const pipe = parsePipe(scope, 'parenthesized pipeline', ')')
  scope.nesting--
  return pipe
}

function checkFunction({ tokens, funcs }: Scope, { text, pos }: Token): void {
  const found = funcs.get(text)
  if (found === undefined) {
    tokens.fail(`function ${goQuote(text)} not defined`, pos, 'undefined-function')
  } else if ('refused' in found) {
    tokens.fail(`function ${goQuote(text)} is refused: ${found.refused}`, pos, 'refused-function')
  }
}

function parseNumberToken(tokens: Tokens, { kind, text, pos }: Token): NumberValue {
  if (kind === 'character') {
    const code = unquoteCharacter(text)
    if (typeof code === 'string') return tokens.fail(code, pos)
    return { int: BigInt(code), uint: BigInt(code), float: code }
  }
  const value = kind === 'complex' ? parseComplex(text) : parseNumber(text)
  return typeof value === 'string' ? tokens.fail(value, pos) : value
}
