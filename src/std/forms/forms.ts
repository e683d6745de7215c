// JSON texts that come again with other words in them, such as the reviews of one workload's pods: what they have in common
// is compared, and only what differs is read. The value is that of JSON.parse, to the order of its keys, and parts without
// words are the very same frozen objects as in the values before.
//
// Which words there are is learnt: of two texts that differ in runs only (runs.ts), the runs that are not equal are words from
// then on. Forms are held as a tree of the text around their words. What is kept is bounded, and what learning costs is a
// share of what reading costs, whatever comes.

import { deepFreeze, type Json } from '../json.ts'
import { nestsDeeper } from '../json-syntax.ts'
import { type Form, formOf } from './form.ts'
import { type Run, runEnd, runsOf, segmentsOf } from './runs.ts'

export interface FormsLimits {
  /** UTF-16 units of a text, and of all that are kept. A text takes some ten times as many bytes, with its value. */
  readonly longest: number
  readonly all: number
  /** Of so many texts one is learnt from. */
  readonly readPerLearnt: number
}

export const FORMS_LIMITS: FormsLimits = { longest: 32 << 10, all: 1 << 20, readPerLearnt: 16 }

/** So many may be learnt from at once. */
const MOST_AT_ONCE = 64
/** With more words than one for so many units, a text is as soon parsed. */
const UNITS_PER_WORD = 48

/** What is known of texts that differ in runs only. */
interface Known {
  readonly kind: string
  /** The last that was learnt from. */
  readonly text: string
  /** Indices of the runs that are words. */
  readonly words: ReadonlySet<number>
  readonly form: Form | undefined
  /** Since there was need of room. */
  isUsed: boolean
}

interface Node {
  readonly segment: string
  /** What stands behind the segment. */
  readonly next: 'text' | 'number' | 'end'
  readonly children: Node[]
  known: Known | undefined
}

export interface FormsOptions {
  /** Values that nest deeper are not learnt from. */
  readonly deepest: number
  /** Told each value, deeply frozen, that those to come share parts with. */
  readonly onLearnt?: (value: Json) => void
  /** Whether the value at hand is to be compared with that of JSON.parse. */
  readonly verifies?: () => boolean
  /** Told of a value that was another, of which there is none: a defect. The form is forgotten. */
  readonly onMismatch?: () => void
  readonly limits?: Partial<FormsLimits>
}

export class Forms {
  private readonly options: FormsOptions
  private readonly limits: FormsLimits
  private readonly known = new Map<string, Known>()
  private readonly roots: Node[] = []
  private units = 0
  private mayLearn = MOST_AT_ONCE

  constructor(options: FormsOptions) {
    this.options = options
    this.limits = { ...FORMS_LIMITS, ...options.limits }
  }

  /** The value of `text`; undefined when its form is not known, or the text is too long. */
  read(text: string): Json | undefined {
    this.mayLearn = Math.min(this.mayLearn + 1 / this.limits.readPerLearnt, MOST_AT_ONCE)
    if (text.length > this.limits.longest) return undefined
    const spots: number[] = []
    const known = match(this.roots, text, 0, spots)
    if (known?.form === undefined) return undefined
    known.isUsed = true
    const value = known.form.make(wordsAt(text, spots))
    if (this.options.verifies?.() === true && JSON.stringify(value) !== JSON.stringify(JSON.parse(text))) {
      this.forget(known)
      this.options.onMismatch?.()
      return undefined
    }
    return value
  }

  /** Whether `learn` would do anything. */
  get isLearning(): boolean {
    return this.mayLearn >= 1
  }

  /** Learns from `text`, which `read` did not know; `value` is its value, and is frozen when others are to share its parts. */
  learn(text: string, value: Json): void {
    if (!this.isLearning || text.length > this.limits.longest) return
    this.mayLearn--
    if (!text.isWellFormed() || nestsDeeper(value, this.options.deepest)) return
    const runs = runsOf(text)
    const kind = kindOf(text, runs)
    const before = this.known.get(kind)
    const words = before === undefined ? new Set<number>() : differing(before, text, runs)
    const isWorthIt = before !== undefined && words.size * UNITS_PER_WORD <= text.length
    const chosen = runs.filter((_, i) => words.has(i))
    const form = isWorthIt ? formOf(text, deepFreeze(value), chosen) : undefined
    if (before !== undefined) this.forget(before)
    this.keep({ kind, text, words, form, isUsed: false })
    if (form !== undefined) this.options.onLearnt?.(value)
  }

  private keep(known: Known): void {
    while (this.units + known.text.length > this.limits.all && this.known.size > 0) this.makeRoom()
    this.known.set(known.kind, known)
    this.units += known.text.length
    if (known.form !== undefined) insert(this.roots, known, known.form)
  }

  /** Forgets the first that was not used; those before it are last in line from now on. */
  private makeRoom(): void {
    for (const known of this.known.values()) {
      if (!known.isUsed) {
        this.forget(known)
        return
      }
      known.isUsed = false
      this.known.delete(known.kind)
      this.known.set(known.kind, known)
    }
  }

  private forget(known: Known): void {
    this.known.delete(known.kind)
    this.units -= known.text.length
    if (known.form !== undefined) remove(this.roots, known.form)
  }
}

/** What is known of `text` from `at` on; `spots` gets where its words begin and end. */
function match(nodes: readonly Node[], text: string, at: number, spots: number[]): Known | undefined {
  const depth = spots.length
  for (const node of nodes) {
    const start = at + node.segment.length
    // Engines compare texts of one length many units at a time, and `startsWith` one by one.
    if (text.slice(at, start) !== node.segment) continue
    if (node.next === 'end') {
      if (start === text.length) return node.known
      continue
    }
    const end = runEnd(text, start, node.next === 'number')
    if (end < 0) continue
    spots.push(start, end)
    const known = match(node.children, text, end, spots)
    if (known !== undefined) return known
    spots.length = depth
  }
  return undefined
}

/** Parsed as one list, so that they are texts of their own, as those of any value, and do not keep all of `text`. */
function wordsAt(text: string, spots: readonly number[]): readonly string[] {
  let list = '["'
  for (let i = 0; i < spots.length; i += 2) {
    if (i > 0) list += '","'
    list += text.slice(spots[i], spots[i + 1])
  }
  return JSON.parse(`${list}"]`) as string[]
}

function nextOf({ areNumbers }: Form, index: number): Node['next'] {
  if (index === areNumbers.length) return 'end'
  return areNumbers[index] === true ? 'number' : 'text'
}

/** What follows a segment is told by its end: a quote or a part of a string, or not. */
function nodeOf(nodes: readonly Node[], { segments }: Form, index: number): Node | undefined {
  return nodes.find(({ segment }) => segment === segments[index])
}

function insert(nodes: Node[], known: Known, form: Form, index = 0): void {
  let node = nodeOf(nodes, form, index)
  if (node === undefined) {
    const segment = form.segments[index] ?? ''
    node = { segment, next: nextOf(form, index), children: [], known: undefined }
    nodes.push(node)
  }
  if (node.next === 'end') node.known = known
  else insert(node.children, known, form, index + 1)
}

function remove(nodes: Node[], form: Form, index = 0): void {
  const node = nodeOf(nodes, form, index)
  if (node === undefined) return
  if (node.next !== 'end') remove(node.children, form, index + 1)
  if (node.children.length === 0) nodes.splice(nodes.indexOf(node), 1)
}

/** What a text has in common with all that differ from it in runs only. */
function kindOf(text: string, runs: readonly Run[]): string {
  const segments = segmentsOf(text, runs)
  return segments.map((segment, i) => (runs[i]?.isNumber === true ? `${segment}0` : segment)).join('')
}

/** The words of all texts of a kind so far, and those runs of `text` that are not as in the last of them. */
function differing(before: Known, text: string, runs: readonly Run[]): Set<number> {
  const words = new Set(before.words)
  const old = runsOf(before.text)
  for (const [i, { start, end }] of runs.entries()) {
    const run = old[i]
    if (run !== undefined && before.text.slice(run.start, run.end) !== text.slice(start, end)) words.add(i)
  }
  return words
}
