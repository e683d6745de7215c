// Builds the syntax trees of a template text, as Go's text/template/parse/parse.go. In: the text and the names of the
// functions. Out: one tree for the text and one for each definition and block. Throws TemplateError and nothing else.

import {
  type ActionNode,
  type BranchNode,
  type ItemNode,
  isEmptyList,
  type ListNode,
  type PipeNode,
  type TemplateNode,
} from './ast.ts'
import type { FuncMap } from './func.ts'
import type { Token } from './lex.ts'
import { unquote } from './number.ts'
import { parsePipe, Scope } from './parse-pipe.ts'
import { goQuote } from './quote.ts'
import { Tokens } from './tokens.ts'

/**
 * Actions, parentheses and else-if chains inside each other. Go allows 10,000 parentheses and any number of actions;
 * here every level costs stack at each step from parsing to execution.
 */
export const MAX_NESTING = 400

export type Trees = ReadonlyMap<string, ListNode>

/** The trees by name; that of the text itself has the name of the text, unless it is blank and a definition has it. */
export function parseTrees(name: string, text: string, funcs: FuncMap): Trees {
  const names = new Set(['break', 'continue'].filter((word) => funcs.has(word)))
  const tokens = new Tokens(name, text, names)
  const trees = new Map<string, ListNode>()
  const parser = new Parser(tokens, funcs, trees)
  parser.parseText(name)
  return trees
}

/** What ends a list of items. */
interface Ending {
  readonly kind: 'end' | 'else'
  readonly pos: number
}

class Parser {
  private readonly tokens: Tokens
  private readonly funcs: FuncMap
  private readonly trees: Map<string, ListNode>
  private readonly scope: Scope
  private ranges = 0
  private nesting = 0

  constructor(tokens: Tokens, funcs: FuncMap, trees: Map<string, ListNode>, nesting = 0) {
    this.tokens = tokens
    this.funcs = funcs
    this.trees = trees
    this.scope = new Scope(tokens, funcs, nesting)
    this.nesting = nesting
  }

  /** The whole text: items and definitions up to its end. */
  parseText(name: string): void {
    const { tokens } = this
    const list: ItemNode[] = []
    while (tokens.peek().kind !== 'eof') {
      if (tokens.peek().kind === 'left') {
        const left = tokens.next()
        const word = tokens.nextNonSpace()
        if (word.kind === 'define') {
          this.inner().definition()
          continue
        }
        tokens.back(word)
        tokens.back(left)
      }
      const item = this.textOrAction()
      if (isEnding(item)) tokens.fail(`unexpected {{${item.kind}}}`, item.pos)
      else list.push(item)
    }
    this.add(name, list)
  }

  /** A parser for a definition or block: variables and ranges outside of it are not visible inside. */
  private inner(): Parser {
    return new Parser(this.tokens, this.funcs, this.trees, this.nesting)
  }

  private add(name: string, list: ListNode): void {
    const known = this.trees.get(name)
    if (known === undefined || isEmptyList(known)) this.trees.set(name, list)
    else if (!isEmptyList(list)) {
      this.tokens.fail(`template: multiple definition of template ${goQuote(name)}`)
    }
  }

  private definition(): void {
    const context = 'define clause'
    const name = this.name(this.tokens.nextNonSpace(), context)
    this.tokens.expect('right', context)
    this.body(name, context)
  }

  private body(name: string, context: string): void {
    const { list, ending } = this.list()
    if (ending.kind !== 'end') this.tokens.fail(`unexpected {{else}} in ${context}`, ending.pos)
    this.add(name, list)
  }

  private name(token: Token, context: string): string {
    if (token.kind !== 'string') this.tokens.unexpected(token, context)
    return unquote(token.text) ?? this.tokens.fail('invalid syntax', token.pos)
  }

  /** Items up to an end or else. */
  private list(): { list: ItemNode[]; ending: Ending } {
    const { tokens } = this
    const list: ItemNode[] = []
    while (tokens.peekNonSpace().kind !== 'eof') {
      const item = this.textOrAction()
      if (isEnding(item)) return { list, ending: item }
      list.push(item)
    }
    return tokens.fail('unexpected EOF')
  }

  private textOrAction(): ItemNode | Ending {
    const { tokens } = this
    const token = tokens.nextNonSpace()
    if (token.kind === 'text') return { type: 'text', pos: token.pos, text: token.text }
    if (token.kind !== 'left') return tokens.unexpected(token, 'input')
    tokens.actionStart = token.pos
    const item = this.action()
    tokens.actionStart = undefined
    return item
  }

  private action(): ItemNode | Ending {
    const { tokens } = this
    const token = tokens.nextNonSpace()
    switch (token.kind) {
      case 'block':
        return this.block()
      case 'break':
      case 'continue':
        return this.jump(token, token.kind)
      case 'else':
        return this.otherwise()
      case 'end':
        return { kind: 'end', pos: tokens.expect('right', 'end').pos }
      case 'if':
      case 'range':
      case 'with':
        return this.branch(token.kind)
      case 'template':
        return this.template()
      default:
        tokens.back(token)
        return this.print()
    }
  }

  private print(): ActionNode {
    const { pos } = this.tokens.peek()
    return { type: 'action', pos, pipe: this.pipe('command') }
  }

  private pipe(context: string): PipeNode {
    return parsePipe(this.scope, context, 'right')
  }

  private jump(token: Token, type: 'break' | 'continue'): ItemNode {
    const next = this.tokens.nextNonSpace()
    if (next.kind !== 'right') this.tokens.unexpected(next, `{{${type}}}`)
    if (this.ranges === 0) this.tokens.fail(`{{${type}}} outside {{range}}`, token.pos)
    return { type, pos: token.pos }
  }

  private otherwise(): Ending {
    const { tokens } = this
    const next = tokens.peekNonSpace()
    // `else if` and `else with` are left for the branch to go on with.
    if (next.kind === 'if' || next.kind === 'with') return { kind: 'else', pos: next.pos }
    return { kind: 'else', pos: tokens.expect('right', 'else').pos }
  }

  private branch(type: BranchNode['type']): BranchNode {
    const { tokens, scope } = this
    this.enter()
    const mark = scope.mark()
    const pipe = this.pipe(type)
    if (type === 'range') this.ranges++
    const { list, ending } = this.list()
    if (type === 'range') this.ranges--
    let elseList: ItemNode[] | undefined
    if (ending.kind === 'else') {
      if (type !== 'range' && tokens.peek().kind === type) {
        tokens.next()
        elseList = [this.branch(type)]
      } else {
        const rest = this.list()
        if (rest.ending.kind !== 'end') tokens.fail('expected end; found {{else}}', rest.ending.pos)
        elseList = rest.list
      }
    }
    scope.release(mark)
    this.leave()
    return { type, pos: pipe.pos, pipe, list, elseList }
  }

  private block(): TemplateNode {
    const context = 'block clause'
    const token = this.tokens.nextNonSpace()
    const name = this.name(token, context)
    const pipe = this.pipe(context)
    this.enter()
    this.inner().body(name, context)
    this.leave()
    return { type: 'template', pos: token.pos, name, pipe }
  }

  private template(): TemplateNode {
    const context = 'template clause'
    const token = this.tokens.nextNonSpace()
    const name = this.name(token, context)
    const next = this.tokens.nextNonSpace()
    if (next.kind === 'right') return { type: 'template', pos: token.pos, name, pipe: undefined }
    this.tokens.back(next)
    return { type: 'template', pos: token.pos, name, pipe: this.pipe(context) }
  }

  private enter(): void {
    this.nesting++
    this.scope.nesting = this.nesting
    if (this.nesting > MAX_NESTING)
      this.tokens.fail(`actions nested deeper than ${MAX_NESTING}`, undefined, 'limit')
  }

  private leave(): void {
    this.nesting--
    this.scope.nesting = this.nesting
  }
}

function isEnding(item: ItemNode | Ending): item is Ending {
  return 'kind' in item
}
