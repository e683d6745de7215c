// A form: what many JSON texts have in common, and how the value of each is made of the words it has for itself. The values
// share all parts without words.

import { isObject, type Json, type JsonArray, type JsonObject, own } from '../json.ts'
import { type Run, segmentsOf } from './runs.ts'

/** Makes a part of a value of the words of a text, in its order; undefined when they cannot be in this form. */
type Make = (words: readonly string[]) => Json | undefined

export interface Form {
  /** The text around the words: one more than there are words. */
  readonly segments: readonly string[]
  /** Of each word, whether it is a number. */
  readonly areNumbers: readonly boolean[]
  readonly make: Make
}

/**
 * The form of `text`, whose value is `value`, with those of its runs as words. Parts of `value` become parts of others, so
 * that it must be frozen. Undefined for a text in which a member stands twice, or is named `__proto__`.
 */
export function formOf(text: string, value: Json, words: readonly Run[]): Form | undefined {
  const make = new Reader(text, words).read(value)
  if (make === undefined) return undefined
  return {
    segments: segmentsOf(text, words),
    areNumbers: words.map(({ isNumber }) => isNumber),
    make: make === SAME ? () => value : make,
  }
}

/** Of a part without words. */
const SAME: Make = () => undefined

const SPACE = /[ \t\r\n]*/y
const SCALAR = /[^,\]} \t\r\n]*/y
const PROTOTYPE = '__proto__'

interface Member {
  readonly key: string
  /** Makes the key where it has words. */
  readonly name: Make
  readonly make: Make
}

/** Reads a valid text side by side with its value. */
class Reader {
  private readonly text: string
  private readonly words: readonly Run[]
  private at = 0
  /** Index of the next word. */
  private next = 0

  constructor(text: string, words: readonly Run[]) {
    this.text = text
    this.words = words
  }

  /** The part that begins here; undefined where it is not as `value`. */
  read(value: Json | undefined): Make | undefined {
    this.skip(SPACE)
    switch (this.text[this.at]) {
      case '[':
        return Array.isArray(value) ? this.list(value) : undefined
      case '{':
        return isObject(value) ? this.object(value) : undefined
      case '"':
        return this.string()
      default:
        return this.scalar()
    }
  }

  private list(value: JsonArray): Make | undefined {
    const makes: Make[] = []
    this.at++
    while (this.hasMore(']')) {
      const make = this.read(value[makes.length])
      if (make === undefined) return undefined
      makes.push(make)
    }
    const changing = [...makes.entries()].filter(([, make]) => make !== SAME)
    if (changing.length === 0) return SAME
    // A copy of what is not frozen is made several times as fast.
    const items = [...value]
    return (words) => {
      const copy = items.slice()
      for (const [index, make] of changing) {
        const item = make(words)
        if (item === undefined) return undefined
        copy[index] = item
      }
      return copy
    }
  }

  private object(value: JsonObject): Make | undefined {
    const members: Member[] = []
    this.at++
    while (this.hasMore('}')) {
      this.skip(SPACE)
      const start = this.at
      const name = this.string()
      const key = JSON.parse(this.text.slice(start, this.at)) as string
      this.skip(SPACE)
      this.at++
      const make = this.read(own(value, key))
      if (make === undefined || key === PROTOTYPE) return undefined
      members.push({ key, name, make })
    }
    if (members.length !== Object.keys(value).length) return undefined
    if (members.some(({ name }) => name !== SAME)) return renamed(value, members)
    const changing = members.filter(({ make }) => make !== SAME)
    if (changing.length === 0) return SAME
    const all = { ...value }
    return (words) => {
      const copy = { ...all }
      for (const { key, make } of changing) {
        const child = make(words)
        if (child === undefined) return undefined
        copy[key] = child
      }
      return copy
    }
  }

  private string(): Make {
    const first = this.next
    /** What stands in front of each word. */
    const before: string[] = []
    let from = ++this.at
    for (;;) {
      const word = this.words[this.next]
      if (word?.start === this.at) {
        before.push(this.plain(from))
        this.next++
        this.at = word.end
        from = word.end
      }
      const unit = this.text[this.at]
      if (unit === '"') break
      this.at += unit === '\\' ? 2 : 1
    }
    const after = this.plain(from)
    this.at++
    return before.length === 0 ? SAME : joined(before, first, after)
  }

  /** What stands between `from` and here, within a string. */
  private plain(from: number): string {
    return JSON.parse(`"${this.text.slice(from, this.at)}"`) as string
  }

  private scalar(): Make {
    const isWord = this.words[this.next]?.start === this.at
    this.skip(SCALAR)
    if (!isWord) return SAME
    const word = this.next++
    return (words) => Number(words[word])
  }

  /** Past the comma between two parts; past `end` and false where there is no other part. */
  private hasMore(end: string): boolean {
    this.skip(SPACE)
    const unit = this.text[this.at]
    if (unit === end || unit === ',') this.at++
    return unit !== end
  }

  private skip(what: RegExp): void {
    what.lastIndex = this.at
    if (what.test(this.text)) this.at = what.lastIndex
  }
}

/** The text of which `before` stands in front of each word, from word `first` on, and `after` behind the last. */
function joined(before: readonly string[], first: number, after: string): Make {
  if (before.length === 1 && before[0] === '' && after === '') return (words) => words[first]
  return (words) => {
    let text = ''
    for (let i = 0; i < before.length; i++) text += `${before[i]}${words[first + i]}`
    return text + after
  }
}

/** An object of which a key has words: made member by member, as it is read. */
function renamed(value: JsonObject, members: readonly Member[]): Make {
  return (words) => {
    const made = emptyTable()
    for (const { key, name, make } of members) {
      const named = name === SAME ? key : name(words)
      const child = make === SAME ? value[key] : make(words)
      if (typeof named !== 'string' || named === PROTOTYPE || child === undefined) return undefined
      made[named] = child
    }
    return made
  }
}

/**
 * For keys that no object had before: of each such key V8 makes a class of objects, which is old from its birth and found
 * dead late. What something was deleted from is a table from then on, and has no class.
 */
function emptyTable(): JsonObject {
  const table: JsonObject = { first: null, second: null }
  delete table['first']
  delete table['second']
  return table
}
