// What was read of plain data, taken down while it is read: values, absences, key sets, lengths, each with the steps that
// read it. In goes data, out comes a stand-in that reads the same, and a record that other data is compared with: a step all
// of whose reads come out as they did does what it did. Leaves are compared in full, whatever was done with them.

interface Read {
  /** What was there: a scalar, undefined for nothing; without meaning where there is something inside. */
  readonly value: unknown
  readonly inside: Reads | undefined
  readonly steps: Set<number>
  /** The number by which a comparison names it. */
  readonly id: number
}

interface Reads {
  readonly isList: boolean
  readonly members: Map<string, Read>
  /** All keys in order, where they were gone through. */
  keys: { readonly names: readonly string[]; readonly steps: Set<number>; readonly id: number } | undefined
}

interface Data {
  readonly [key: string]: unknown
}

/** Data of which so much is read is not worth comparing. */
const MAX_READS = 2000

export class ReadRecord {
  /** The step that reads at the moment. */
  step = 0
  private readonly top: Reads = { isList: false, members: new Map(), keys: undefined }
  /** By number: the steps that read something, and what is inside of it. */
  private readonly all: Pick<Read, 'steps' | 'inside'>[] = []

  /** Number of reads. */
  get size(): number {
    return this.all.length
  }

  /** A stand-in for `data`, an object; reads of its members that are `constant` are not taken down. */
  watch(data: object, constant: ReadonlySet<string>): object {
    return this.standIn(data, this.top, constant)
  }

  /** The numbers of the reads that come out differently for `data`. */
  compare(data: object): number[] {
    const changed: number[] = []
    compareReads(this.top, data as Data, changed)
    return changed
  }

  /** The steps that made the read `id`, or one inside. */
  stepsOf(id: number): Set<number> {
    const steps = new Set<number>()
    const add = ({ steps: some, inside }: Pick<Read, 'steps' | 'inside'>): void => {
      for (const step of some) steps.add(step)
      for (const member of inside?.members.values() ?? []) add(member)
      for (const step of inside?.keys?.steps ?? []) steps.add(step)
    }
    const read = this.all[id]
    if (read !== undefined) add(read)
    return steps
  }

  private standIn(data: object, reads: Reads, constant: ReadonlySet<string>): object {
    // A copy, since nothing frozen can have a stand-in that gives anything but what is in it.
    const target: object = reads.isList ? (data as unknown[]).slice() : { ...data }
    const inner = new Map<string, object>()
    const read = (key: string): unknown => {
      const value: unknown = Object.hasOwn(target, key) ? (target as Data)[key] : undefined
      if (constant.has(key)) return value
      const { inside } = this.note(reads, key, value)
      if (inside === undefined) return value
      const known = inner.get(key) ?? this.standIn(value as object, inside, NOTHING)
      inner.set(key, known)
      return known
    }
    return new Proxy(target, {
      get(from, key): unknown {
        if (typeof key === 'symbol') return Reflect.get(from, key)
        const value = read(key)
        return Object.hasOwn(from, key) ? value : Reflect.get(from, key)
      },
      getOwnPropertyDescriptor(from, key) {
        const found = Reflect.getOwnPropertyDescriptor(from, key)
        if (typeof key === 'symbol') return found
        const value = read(key)
        return found === undefined ? undefined : { ...found, value }
      },
      has(from, key) {
        if (typeof key === 'string') read(key)
        return Reflect.has(from, key)
      },
      ownKeys: (from) => {
        reads.keys ??= this.noteKeys(Object.keys(from))
        reads.keys.steps.add(this.step)
        return Reflect.ownKeys(from)
      },
    })
  }

  private note(reads: Reads, key: string, value: unknown): Read {
    let read = reads.members.get(key)
    if (read === undefined) {
      const inside = isPlain(value)
        ? { isList: Array.isArray(value), members: new Map<string, Read>(), keys: undefined }
        : undefined
      read = { value, inside, steps: new Set(), id: this.number() }
      reads.members.set(key, read)
      this.all.push(read)
    }
    read.steps.add(this.step)
    return read
  }

  private noteKeys(names: readonly string[]): NonNullable<Reads['keys']> {
    const keys = { names, steps: new Set<number>(), id: this.number() }
    this.all.push({ steps: keys.steps, inside: undefined })
    return keys
  }

  private number(): number {
    if (this.all.length >= MAX_READS) throw new RangeError('more is read than is worth comparing')
    return this.all.length
  }
}

const NOTHING: ReadonlySet<string> = new Set()

/** Lists and plain objects; anything else is a leaf, which is known by identity. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function compareReads(reads: Reads, data: Data, changed: number[]): void {
  for (const [key, { value, inside, id }] of reads.members) {
    const there: unknown = Object.hasOwn(data, key) ? data[key] : undefined
    if (inside === undefined) {
      if (there !== value) changed.push(id)
    } else if (there === value) {
      // Reviews of one form share parts (std/forms/), and what pods are made of never changes.
    } else if (typeof there !== 'object' || there === null || Array.isArray(there) !== inside.isList) {
      changed.push(id)
    } else {
      compareReads(inside, there as Data, changed)
    }
  }
  if (reads.keys !== undefined && !hasKeys(data, reads.keys.names)) changed.push(reads.keys.id)
}

function hasKeys(data: Data, names: readonly string[]): boolean {
  const keys = Object.keys(data)
  return keys.length === names.length && keys.every((key, i) => key === names[i])
}
