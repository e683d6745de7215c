// A request body as Istio's decoder reads it (contract §1.3): AdmissionReview v1 or v1beta1, JSON or YAML.
// In goes the text of the body, out come the fields that injection uses, or the exact words of the refusal.
// Names are case-sensitive inside a review, and not in the look at `kind` and `apiVersion` before it, as in Go.
// One thing is not as in Go: of a member that stands twice in one object the last is taken whole, where Go decodes both
// into the same field, so that maps, structs and list items of the first show through. API servers never send such texts.

import { goQuote } from '../gotemplate/format.ts'
import { foldName } from '../patch/field-names.ts'
import type { Forms } from '../std/forms/forms.ts'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import {
  deeperThan,
  GO_MAX_DEPTH,
  goSyntaxError,
  nestsDeeper,
  opensMore,
  parseWithNumberTexts,
} from '../std/json-syntax.ts'
import { ProblemError } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'
import { jsonKind, reviewMisfit } from './misfit.ts'
import { isKnownKind, REVIEW_KIND, REVIEW_VERSIONS } from './review-types.ts'

/** Nesting that a pod may have where something walks it that recurses: typed members nest about 15 levels. */
export const MAX_DEPTH = 200
/**
 * From this length on a text may nest deeper than Go takes, and is looked at before it is parsed: millions of nestings
 * take a second to parse, and 400 MB.
 */
const MANY_NESTINGS = 2 * GO_MAX_DEPTH

/** What is copied from the request review onto the response; empty texts are left out there. */
export interface ReviewMeta {
  readonly kind: string
  readonly apiVersion: string
}

export interface ReviewRequest {
  readonly uid: string
  readonly namespace: string
  /** `request.object` as sent; undefined when it is absent or null. */
  readonly object: Json | undefined
  /** Whether the object shares parts with those of reviews before it, whose nesting was looked at. */
  readonly isShared?: boolean
  /** Whether the text alone says that it nests no deeper than `MAX_DEPTH`. */
  readonly isShallow?: boolean
  /** The same with odd spellings of numbers kept (std/json-syntax.ts, NumberText), where there may be some. */
  readonly spelled?: unknown
}

/** A decoded review, or why there is none; `meta` is undefined when the body is not an AdmissionReview at all. */
export type Decoded =
  | { readonly ok: true; readonly meta: ReviewMeta; readonly request: ReviewRequest }
  | { readonly ok: false; readonly meta?: ReviewMeta; readonly uid?: string; readonly message: string }

/**
 * Decodes the text of a request body, bytes outside UTF-8 as std/bytes.ts writes them, with the help of what is known of the
 * reviews before it. Never throws.
 */
export function decodeReview(text: string, knownReviews?: Forms): Decoded {
  try {
    const known = knownReviews?.read(text)
    if (known !== undefined) return withFacts(interpret(known, text), { isShared: true })
    const review = parseBody(text)
    const decoded = interpret(review, text)
    if (!decoded.ok || !isJson(text)) return decoded
    if (mayMisspell(text)) return withSpellings(decoded, text)
    // Where no number is spelled oddly, none is in a text of the same form, whatever its keys.
    if (knownReviews?.isLearning === true && !ODD_ITEM.test(text)) knownReviews.learn(text, review)
    // Brackets of a long text are counted sooner than its object is walked.
    const isShallow = text.length > MANY_NESTINGS && !opensMore(text, MAX_DEPTH)
    return isShallow ? withFacts(decoded, { isShallow }) : decoded
  } catch (error) {
    if (error instanceof Refusal) return error.decoded
    if (error instanceof ProblemError) return { ok: false, message: error.message }
    throw error
  }
}

function withFacts(decoded: Decoded, facts: Partial<ReviewRequest>): Decoded {
  return decoded.ok ? { ...decoded, request: { ...decoded.request, ...facts } } : decoded
}

// Kubernetes writes integers as integers and JSON without blanks, so that the rule is one quick look.
const ODD_MEMBER = /":[ \t\r\n]*-?[0-9]+(?:[.eE]|[0-9]{15})/
const ODD_ITEM = /[[,][ \t\r\n]*-?[0-9]+(?:[.eE]|[0-9]{15})/

/** Whether some number of a pod may be spelled as Go, but not JSON.parse, tells apart (`1.0`, `1e3`). */
function mayMisspell(text: string): boolean {
  return ODD_MEMBER.test(text) || (text.includes('supplementalGroups') && ODD_ITEM.test(text))
}

function withSpellings(decoded: Extract<Decoded, { ok: true }>, text: string): Decoded {
  const problem = depthProblem(decoded.request.object)
  if (problem !== undefined) {
    return { ok: false, meta: decoded.meta, uid: decoded.request.uid, message: problem }
  }
  const spelled = objectOf(parseWithNumberTexts(text.toWellFormed()) as Json)
  return spelled === undefined || spelled === null ? decoded : withFacts(decoded, { spelled })
}

/** `request.object` of a review; undefined where there is none. */
export function objectOf(review: Json): Json | undefined {
  const request = isObject(review) ? own(review, 'request') : undefined
  return isObject(request) ? own(request, 'object') : undefined
}

/** What is wrong with the nesting of a request's object, if anything is. */
export function depthProblem(object: Json | undefined): string | undefined {
  return object !== undefined && nestsDeeper(object, MAX_DEPTH)
    ? `the object is nested deeper than ${MAX_DEPTH} levels`
    : undefined
}

/** Decodes a review that is JSON data already. Never throws. */
export function decodeParsedReview(review: unknown): Decoded {
  // The text is quoted only where a kind is missing, so that printing it always would be waste.
  try {
    return interpret(review as Json, () => JSON.stringify(review) ?? 'null')
  } catch (error) {
    if (error instanceof Refusal) return error.decoded
    throw error
  }
}

class Refusal extends Error {
  readonly decoded: Decoded

  constructor(message: string, decoded: Decoded = { ok: false, message }) {
    super(message)
    this.decoded = decoded
  }
}

const NO_KIND = "couldn't get version/kind; json parse error: "

const BRACE = 0x7b
/** What Go's unicode.IsSpace takes, up to an opening brace: such a body is JSON, any other is YAML. */
const JSON_START = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*\{/
const PROTOBUF_START = 'k8s\u0000'

function parseBody(text: string): Json {
  if (text.startsWith(PROTOBUF_START)) {
    throw new Refusal('the body is protobuf, expected an AdmissionReview in JSON')
  }
  if (!isJson(text)) {
    if (!text.isWellFormed()) throw new Refusal(`yaml: ${notUtf8(text)}`)
    return parseYaml(text)
  }
  if (text.length > MANY_NESTINGS && deeperThan(text, GO_MAX_DEPTH)) throw exceededDepth()
  return parseJson(text)
}

function isJson(text: string): boolean {
  return text.charCodeAt(0) === BRACE || JSON_START.test(text)
}

function exceededDepth(): Refusal {
  return new Refusal(`${NO_KIND}exceeded max depth`)
}

/** What go-yaml's reader says of the first byte that is not UTF-8 (see std/bytes.ts for how it stands in the text). */
function notUtf8(text: string): string {
  const at = text.search(/[\ud800-\udfff]/u)
  const byte = text.charCodeAt(at) - 0xdc00
  if (byte < 0xc0 || byte >= 0xf8) return 'invalid leading UTF-8 octet'
  const width = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
  return at + width > text.length ? 'incomplete UTF-8 octet sequence' : 'invalid trailing UTF-8 octet'
}

function parseJson(text: string): Json {
  try {
    // A byte outside UTF-8 is U+FFFD, and never the second half of an escape in front of it.
    return JSON.parse(text.isWellFormed() ? text : text.toWellFormed()) as Json
  } catch {
    if (deeperThan(text, GO_MAX_DEPTH)) throw exceededDepth()
    throw new Refusal(NO_KIND + (goSyntaxError(text) ?? 'invalid JSON'))
  }
}

function interpret(review: Json, text: string | (() => string)): Decoded {
  const { kind, apiVersion } = kindOf(review)
  if (kind !== REVIEW_KIND || !REVIEW_VERSIONS.includes(apiVersion) || !isObject(review)) {
    throw notReview(review, kind, apiVersion, text)
  }
  const misfit = reviewMisfit(review, apiVersion)
  if (misfit !== undefined) throw new Refusal(misfit)
  return readReview(review)
}

/** What Go says of an object of another kind or version, in the order of its checks. */
function notReview(review: Json, kind: string, apiVersion: string, text: string | (() => string)): Refusal {
  if (apiVersion !== '/' && apiVersion.split('/').length > 2) {
    return new Refusal(`unexpected GroupVersion string: ${apiVersion}`)
  }
  const body = (): string => (typeof text === 'string' ? text : text())
  const { group, version } = groupVersion(apiVersion)
  if (kind === '') return new Refusal(`Object 'Kind' is missing in '${body()}'`)
  if (version === '') return new Refusal(`Object 'apiVersion' is missing in '${body()}'`)
  const name = group === '' ? version : `${group}/${version}`
  return new Refusal(
    isKnownKind(name, kind) ? unsupported(review) : notRegistered(kind, group, version, name),
  )
}

function groupVersion(apiVersion: string): { group: string; version: string } {
  if (apiVersion === '/') return { group: '', version: '' }
  const slash = apiVersion.indexOf('/')
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) }
}

function notRegistered(kind: string, group: string, version: string, name: string): string {
  // The name that Istio's scheme has is where it was made in Go's sources; clients see it.
  const scheme = 'in scheme "pkg/runtime/scheme.go:111"'
  if (version === '__internal') {
    return `no kind ${goQuote(kind)} is registered for the internal version of group ${goQuote(group)} ${scheme}`
  }
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(name)} ${scheme}`
}

/** Go prints the type meta of an object that is known, but no review. */
function unsupported(review: Json): string {
  const { kind, apiVersion } = isObject(review) ? metaOf(review) : { kind: '', apiVersion: '' }
  return `unsupported type :&TypeMeta{Kind:${kind},APIVersion:${apiVersion},}`
}

function metaOf(review: JsonObject): ReviewMeta {
  return { kind: textOf(review, 'kind'), apiVersion: textOf(review, 'apiVersion') }
}

function textOf(object: JsonObject, key: string): string {
  const value = own(object, key)
  return typeof value === 'string' ? value.toWellFormed() : ''
}

const FIND_KIND =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** The first look: `kind` and `apiVersion` in any case, the last of several wins. */
function kindOf(review: Json): { kind: string; apiVersion: string } {
  const found = { kind: '', apiVersion: '' }
  if (review === null) return found
  if (!isObject(review))
    throw new Refusal(
      `${NO_KIND}json: cannot unmarshal ${jsonKind(review)} into Go value of type ${FIND_KIND}`,
    )
  let misfit: string | undefined
  for (const key of Object.keys(review)) {
    // Folding keeps the length.
    if (key.length !== 4 && key.length !== 10) continue
    const field = key === 'kind' || key === 'apiVersion' ? key : FIELD_BY_FOLDED_NAME.get(foldName(key))
    const value = review[key]
    if (field === undefined || value === null || value === undefined) continue
    if (typeof value === 'string') found[field] = value.toWellFormed()
    else
      misfit ??= `${NO_KIND}json: cannot unmarshal ${jsonKind(value)} into Go struct field .${field} of type string`
  }
  if (misfit !== undefined) throw new Refusal(misfit)
  return found
}

const FIELD_BY_FOLDED_NAME: ReadonlyMap<string, 'kind' | 'apiVersion'> = new Map([
  ['kind', 'kind'],
  ['apiversion', 'apiVersion'],
])

function readReview(review: JsonObject): Decoded {
  const meta = metaOf(review)
  const request = own(review, 'request')
  if (!isObject(request)) {
    // Istio's handler dies here; no API server sends it.
    return { ok: false, meta, message: 'the AdmissionReview has no request' }
  }
  const object = own(request, 'object')
  return {
    ok: true,
    meta,
    request: {
      uid: textOf(request, 'uid'),
      namespace: textOf(request, 'namespace'),
      object: object === null ? undefined : object,
    },
  }
}
