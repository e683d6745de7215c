// Edits a YAML or JSON document so that its data becomes a given value, touching only what changes: comments, order,
// quoting and layout of everything else stay byte for byte. In: text, its data, the data wanted. Out: text that reads
// back as the data wanted, by Go's rules. That is checked; where it fails (aliases, exotic YAML) coarser edits follow,
// at last a rewritten document.

import { equalJson, type Json } from '../../std/json.ts'
import { parseYaml } from '../../std/yaml.ts'
import { columnOf, type Edit, type EditContext, spliced, TooCoarse } from './splice.ts'
import { type Part, readParts } from './tree.ts'
import { editValue } from './value.ts'
import { documentText, flowText, type Style } from './write.ts'

/** `from` is the data of `source` as parseYaml reads it; parts that are the same reference in `to` cost nothing. */
export function editYaml(source: string, from: Json, to: Json): string {
  if (from === to || equalJson(from, to)) return source
  const ended = source.endsWith('\n') || source === ''
  const text = ended ? source : `${source}${eolOf(source)}`
  const edited = editText(text, from, to)
  return ended ? edited : edited.replace(/\r?\n$/, '')
}

function editText(text: string, from: Json, to: Json): string {
  const root = readParts(text)
  if (root !== undefined) {
    for (const expand of [false, true]) {
      const edited = attempt({ text, style: styleOf(text, root), expand }, root, from, to)
      if (edited !== undefined && readsAs(edited, to)) return edited
    }
  }
  return rewritten(text, root, to)
}

function attempt(context: EditContext, root: Part, from: Json, to: Json): string | undefined {
  const edits: Edit[] = []
  const entry = {
    key: undefined,
    start: root.start,
    valueFrom: root.start,
    end: root.end,
    value: root,
    props: true,
  }
  try {
    editValue(context, { entry, column: -context.style.step, flow: root.flow, root: true }, from, to, edits)
    return spliced(context.text, edits, 0, context.text.length)
  } catch (error) {
    if (error instanceof TooCoarse) return undefined
    throw error
  }
}

function readsAs(text: string, value: Json): boolean {
  try {
    return equalJson(parseYaml(text), value)
  } catch {
    return false
  }
}

/** The whole document anew; comment lines above it stay. */
function rewritten(text: string, root: Part | undefined, to: Json): string {
  const head = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*/.exec(text)?.[0] ?? ''
  const style = styleOf(text, root)
  const body = root?.flow === true ? flowText(to, 0, style) : documentText(to, style)
  return `${head}${body}${style.eol}`
}

const eolOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n')

function styleOf(text: string, root: Part | undefined): Style {
  let step: number | undefined
  let dashesIndented: boolean | undefined
  const look = (part: Part): void => {
    for (const entry of part.entries) {
      const { value } = entry
      const first = value.entries[0]
      if (first !== undefined && !value.odd && part.kind === 'map') {
        const deeper = columnOf(text, first.start) - columnOf(text, entry.start)
        const ownLine = text.slice(entry.start, first.start).includes('\n')
        if (!value.flow && value.kind === 'list') dashesIndented ??= deeper > 0
        else if (ownLine && deeper > 0) step ??= deeper
      }
      look(value)
    }
  }
  if (root !== undefined) look(root)
  const json = root?.flow === true && isJson(text)
  const compact = json && /"[ \t]*:\S/.test(text) && !/"[ \t]*:[ \t]/.test(text)
  return { eol: eolOf(text), step: step ?? 2, dashesIndented: dashesIndented ?? false, json, compact }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
