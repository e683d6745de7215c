// The Go types of single values inside a pod that are more than scalars: quantities, int-or-string, times, raw JSON, and
// the scalars with methods. Their raw data is what the pod's JSON has: text, numbers.
// Methods that Go declares on the pointer are declared here on the type itself, as templates may call them on fields.

import { DURATION, TIME } from '../../gotemplate/sprig/dates.ts'
import { daysOf, type Instant, UTC } from '../../gotemplate/sprig/time.ts'
import { parseTime } from '../../gotemplate/sprig/time-parse.ts'
import { BOOL, BYTES, FLOAT64, INT, INT32, INT64, STRING } from '../../gotemplate/types.ts'
import { type GoField, type GoMethod, type GoType, type GoValue, Typed } from '../../gotemplate/value.ts'
import { toBytes } from '../../std/bytes.ts'
import { goJson, goJsonString } from '../../std/gojson.ts'
import { parseQuantity, type Quantity, quantitySign, scaledValue } from '../../std/quantity.ts'

export { DURATION }

/** A method without parameters. */
export function getter(result: GoType, read: (raw: unknown) => GoValue): GoMethod {
  return { params: [], result, call: (raw) => read(raw) }
}

export function fieldOf(
  name: string,
  type: GoType,
  get: (raw: unknown) => unknown,
  embedded = false,
): GoField {
  return embedded ? { name, type, get, embedded } : { name, type, get }
}

export function fieldMap(fields: readonly GoField[]): ReadonlyMap<string, GoField> {
  return new Map(fields.map((field) => [field.name, field]))
}

const ZERO_QUANTITY: Quantity = { unscaled: 0n, exponent: 0, format: 'DecimalSI', text: '0', isInt64: true }

/** The quantity that the pod's JSON has; the zero Quantity for none. Decoding has judged the text before. */
export function quantityOf(raw: unknown): Quantity {
  return raw === undefined || raw === null ? ZERO_QUANTITY : parseQuantity(String(raw))
}

const AMOUNT: GoType = {
  kind: 'struct',
  name: 'resource.int64Amount',
  fields: () =>
    fieldMap([
      fieldOf('value', INT64, (raw) => (raw as Quantity).unscaled),
      fieldOf('scale', { kind: 'int32', name: 'resource.Scale' }, (raw) => (raw as Quantity).exponent),
    ]),
}

const BIG_DECIMAL: GoType = {
  kind: 'struct',
  name: 'resource.infDecAmount',
  fields: () =>
    fieldMap([
      fieldOf(
        'Dec',
        { kind: 'pointer', name: '*inf.Dec', elem: { kind: 'struct', name: 'inf.Dec' } },
        (raw) => raw,
      ),
    ]),
}

/** Go keeps the text it read only if that was canonical. */
function keptText(raw: unknown): string {
  return raw === undefined || raw === null || quantityOf(raw).text !== raw ? '' : String(raw)
}

const QUANTITY_FIELDS = fieldMap([
  fieldOf('i', AMOUNT, (raw) => (quantityOf(raw).isInt64 ? quantityOf(raw) : undefined)),
  fieldOf('d', BIG_DECIMAL, (raw) => (quantityOf(raw).isInt64 ? undefined : quantityOf(raw))),
  fieldOf('s', STRING, keptText),
  fieldOf('Format', { kind: 'string', name: 'resource.Format' }, (raw) => quantityOf(raw).format, true),
])

/** A Quantity inside a map: a copy, which has no String method and prints as the struct it is. */
export const QUANTITY_COPY: GoType = {
  kind: 'struct',
  name: 'resource.Quantity',
  fields: () => QUANTITY_FIELDS,
  marshal: (raw) => goJsonString(quantityOf(raw).text),
}

/** A Quantity that can be pointed to, in a field or behind a pointer. */
export const QUANTITY: GoType = {
  ...QUANTITY_COPY,
  byPointer: true,
  methods: () =>
    new Map([
      ['String', getter(STRING, (raw) => quantityOf(raw).text)],
      ['Value', getter(INT64, (raw) => new Typed(INT64, scaledValue(quantityOf(raw), 0)))],
      ['MilliValue', getter(INT64, (raw) => new Typed(INT64, scaledValue(quantityOf(raw), -3)))],
      ['IsZero', getter(BOOL, (raw) => quantityOf(raw).unscaled === 0n)],
      ['Sign', getter(INT, (raw) => BigInt(quantitySign(quantityOf(raw))))],
      ['AsApproximateFloat64', getter(FLOAT64, (raw) => approximate(quantityOf(raw)))],
    ]),
}

function approximate({ unscaled, exponent }: Quantity): number {
  return Number(`${unscaled}e${exponent}`)
}

/** `*resource.Quantity`; a nil one prints as `<nil>`. */
export const QUANTITY_POINTER: GoType = {
  kind: 'pointer',
  name: '*resource.Quantity',
  elem: QUANTITY,
  methods: () =>
    new Map([['String', getter(STRING, (raw) => (raw === undefined ? '<nil>' : quantityOf(raw).text))]]),
}

function intValue(raw: unknown): bigint {
  if (typeof raw === 'number') return BigInt(raw)
  return typeof raw === 'string' && /^[-+]?[0-9]+$/.test(raw)
    ? BigInt.asIntN(64, BigInt(raw.replace('+', '')))
    : 0n
}

export const INT_OR_STRING: GoType = {
  kind: 'struct',
  name: 'intstr.IntOrString',
  byPointer: true,
  fields: () =>
    fieldMap([
      fieldOf('Type', { kind: 'int64', name: 'intstr.Type' }, (raw) => (typeof raw === 'string' ? 1 : 0)),
      fieldOf('IntVal', INT32, (raw) => (typeof raw === 'number' ? raw : 0)),
      fieldOf('StrVal', STRING, (raw) => (typeof raw === 'string' ? raw : '')),
    ]),
  marshal: (raw) => goJson(raw ?? 0),
  methods: () =>
    new Map([
      ['String', getter(STRING, (raw) => String(raw ?? 0))],
      ['IntValue', getter(INT, intValue)],
    ]),
}

/** The instant of an RFC 3339 text, in UTC. */
function instantOf(raw: unknown): Instant | undefined {
  if (typeof raw !== 'string' || raw === '') return undefined
  return { ...parseTime('2006-01-02T15:04:05Z07:00', raw), zone: UTC }
}

const ZERO_SECONDS = daysOf(1, 1, 1) * 86400

function isZeroTime(raw: unknown): boolean {
  const instant = instantOf(raw)
  return instant === undefined || (instant.seconds === ZERO_SECONDS && instant.nanos === 0)
}

/** metav1.Time: a time.Time whose methods it has, printed in whole seconds. */
export const V1_TIME: GoType = {
  kind: 'struct',
  name: 'v1.Time',
  fields: () => fieldMap([fieldOf('Time', TIME, instantOf, true)]),
  methods: () => timeMethods(),
  marshal: (raw) => (isZeroTime(raw) ? 'null' : goJsonString(String(raw))),
}

function timeMethods(): ReadonlyMap<string, GoMethod> {
  const methods = new Map<string, GoMethod>()
  for (const [name, method] of TIME.methods?.() ?? []) {
    methods.set(name, { ...method, call: (raw, args) => method.call(instantOf(raw), args) })
  }
  return methods
}

/** JSON kept as bytes: FieldsV1 and RawExtension. */
export function rawJsonType(name: string): GoType {
  const text = (raw: unknown): string => (raw === undefined ? '' : JSON.stringify(raw))
  return {
    kind: 'struct',
    name,
    fields: () => fieldMap([fieldOf('Raw', BYTES, (raw) => toBytes(text(raw)))]),
    methods: () => new Map([['String', getter(STRING, text)]]),
    marshal: (raw) => (raw === undefined ? 'null' : goJson(raw)),
  }
}
