// What the engine's tests share: a few functions, typed data, and one call that renders.

import { FuncError, type FuncMap, type TemplateFunc } from '../../src/gotemplate/func.ts'
import { parseTemplate, type RunOptions, TemplateError } from '../../src/gotemplate/template.ts'
import {
  INT,
  INT32,
  INT64,
  mapOf,
  pointerTo,
  STRING,
  STRING_MAP,
  STRINGS,
  sliceOf,
} from '../../src/gotemplate/types.ts'
import { type GoField, type GoType, type GoValue, Typed } from '../../src/gotemplate/value.ts'
import { elements } from '../../src/gotemplate/value-ops.ts'

const isRecord = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null

/** A struct field that is read from the key of the same name. */
export function plainField(name: string, type: GoType, embedded = false): readonly [string, GoField] {
  return [name, { name, type, embedded, get: (raw) => (isRecord(raw) ? raw[name] : undefined) }]
}

const TEXT: TemplateFunc = { params: ['string'], run: ([text]) => String(text).toUpperCase() }

export const FUNCS: FuncMap = new Map<string, TemplateFunc | { refused: string }>([
  ['upper', TEXT],
  ['list', { params: [], variadic: 'any', run: (args) => [...args] }],
  ['fail', { params: ['string'], run: ([text]) => raise(String(text)) }],
  ['join', { params: ['string'], variadic: 'string', run: ([first, ...rest]) => rest.join(String(first)) }],
  ['twice', { params: ['int'], run: ([number]) => BigInt(String(number)) * 2n }],
  ['json', { params: ['any'], serialiser: true, run: ([value]) => JSON.stringify(value) }],
  ['pad', { params: ['int', 'string'], passthrough: true, run: ([, text]) => ` ${String(text)}` }],
  ['count', { params: ['list'], run: ([list]) => BigInt(elements(list)?.length ?? 0) }],
  ['clock', { refused: 'it reads the clock' }],
])

function raise(message: string): never {
  throw new FuncError(message)
}

export const CHILD: GoType = {
  kind: 'struct',
  name: 'x.Child',
  fields: () => new Map([plainField('Name', STRING), plainField('Count', INT32)]),
}

const CHILD_POINTER: GoType = {
  ...pointerTo(CHILD),
  methods: () =>
    new Map([
      [
        'GetName',
        { params: [], result: STRING, call: (raw) => (isRecord(raw) ? String(raw['Name']) : 'nobody') },
      ],
      [
        'Greet',
        {
          params: [STRING, INT],
          result: STRING,
          call: (_, [who, times]) => `hi ${String(who)} ${String(times)}`,
        },
      ],
    ]),
}

const BASE: GoType = { kind: 'struct', name: 'x.Base', fields: () => new Map([plainField('Kind', STRING)]) }

export const ROOT_TYPE: GoType = {
  kind: 'struct',
  name: 'x.Root',
  fields: () =>
    new Map([
      plainField('Base', BASE, true),
      plainField('Child', CHILD),
      plainField('Pointer', CHILD_POINTER),
      plainField('Nil', CHILD_POINTER),
      plainField('Labels', STRING_MAP),
      plainField('Names', STRINGS),
      plainField('Children', sliceOf(CHILD)),
      plainField('Limit', pointerTo(INT64)),
      plainField('Unset', pointerTo(INT64)),
      plainField('Sizes', mapOf(INT)),
    ]),
}

export const TYPED: GoValue = new Typed(pointerTo(ROOT_TYPE), {
  Base: { Kind: 'pod' },
  Child: { Name: 'c', Count: 3 },
  Pointer: { Name: 'p', Count: 4 },
  Labels: { b: '2', a: '1' },
  Names: ['n', 'm'],
  Children: [{ Name: 'x' }, { Name: 'y' }],
  Limit: 7,
  Sizes: { big: 10 },
})

/** The output of a template named `t`. */
export function render(text: string, data: GoValue = null, options: RunOptions = {}): string {
  return parseTemplate('t', text, FUNCS).execute(data, options).text
}

/** The error of a template named `t`; fails when there is none. */
export function errorOf(text: string, data: GoValue = null, options: RunOptions = {}): TemplateError {
  try {
    render(text, data, options)
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error(`no error: ${text}`)
}
