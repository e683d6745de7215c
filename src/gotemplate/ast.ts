// The syntax tree of a template, and how Go prints its nodes in error texts. Plain data, never changed once built.

import type { NumberValue } from './number.ts'
import { goQuote } from './quote.ts'

interface At {
  /** Offset in the template text, in UTF-16 units. */
  readonly pos: number
}

export interface TextNode extends At {
  readonly type: 'text'
  readonly text: string
}
export interface ActionNode extends At {
  readonly type: 'action'
  readonly pipe: PipeNode
}
export interface BranchNode extends At {
  readonly type: 'if' | 'with' | 'range'
  readonly pipe: PipeNode
  readonly list: ListNode
  readonly elseList: ListNode | undefined
}
export interface TemplateNode extends At {
  readonly type: 'template'
  readonly name: string
  readonly pipe: PipeNode | undefined
}
export interface JumpNode extends At {
  readonly type: 'break' | 'continue'
}
export type ListNode = readonly ItemNode[]
export type ItemNode = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode

export interface PipeNode extends At {
  readonly type: 'pipe'
  readonly declared: readonly VariableNode[]
  /** `=` rather than `:=`. */
  readonly assigns: boolean
  readonly commands: readonly CommandNode[]
}
export interface CommandNode extends At {
  readonly type: 'command'
  /** At least one. */
  readonly args: readonly ArgNode[]
}
export interface IdentifierNode extends At {
  readonly type: 'identifier'
  readonly name: string
}
export interface VariableNode extends At {
  readonly type: 'variable'
  /** The variable, then the fields read from it. */
  readonly names: readonly [string, ...string[]]
}
export interface FieldNode extends At {
  readonly type: 'field'
  readonly names: readonly string[]
}
/** Fields of a parenthesised pipeline, or of the result of a function without arguments. */
export interface ChainNode extends At {
  readonly type: 'chain'
  readonly of: ArgNode
  readonly names: readonly string[]
}
export interface DotNode extends At {
  readonly type: 'dot'
}
export interface NilNode extends At {
  readonly type: 'nil'
}
export interface BoolNode extends At {
  readonly type: 'bool'
  readonly value: boolean
}
export interface NumberNode extends At {
  readonly type: 'number'
  readonly text: string
  readonly value: NumberValue
}
export interface StringNode extends At {
  readonly type: 'string'
  readonly quoted: string
  readonly value: string
}
export type LiteralNode = BoolNode | NumberNode | StringNode
export type ArgNode =
  | PipeNode
  | IdentifierNode
  | VariableNode
  | FieldNode
  | ChainNode
  | DotNode
  | NilNode
  | LiteralNode

export type Node = ItemNode | PipeNode | CommandNode | ArgNode

/** The node as Go prints it in `at <…>`. */
export function nodeText(node: Node): string {
  switch (node.type) {
    case 'text':
      return node.text
    case 'action':
      return `{{${nodeText(node.pipe)}}}`
    case 'if':
    case 'with':
    case 'range': {
      const otherwise = node.elseList === undefined ? '' : `{{else}}${node.elseList.map(nodeText).join('')}`
      return `{{${node.type} ${nodeText(node.pipe)}}}${node.list.map(nodeText).join('')}${otherwise}{{end}}`
    }
    case 'template':
      return `{{template ${goQuote(node.name)}${node.pipe === undefined ? '' : ` ${nodeText(node.pipe)}`}}}`
    case 'break':
    case 'continue':
      return `{{${node.type}}}`
    case 'pipe': {
      const declared = node.declared.map(nodeText).join(', ')
      const head = declared === '' ? '' : `${declared} ${node.assigns ? '=' : ':='} `
      return head + node.commands.map(nodeText).join(' | ')
    }
    case 'command':
      return node.args.map(argText).join(' ')
    case 'identifier':
      return node.name
    case 'variable':
      return node.names.join('.')
    case 'field':
      return `.${node.names.join('.')}`
    case 'chain':
      return `${argText(node.of)}.${node.names.join('.')}`
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return node.quoted
  }
}

function argText(node: ArgNode): string {
  return node.type === 'pipe' ? `(${nodeText(node)})` : nodeText(node)
}

/** True for a list with nothing but blanks: Go lets a later definition replace it. */
export function isEmptyList(list: ListNode): boolean {
  return list.every(
    (item) =>
      item.type === 'text' &&
      /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/.test(item.text),
  )
}
