// What every answer to a hostile request must be: a 4xx in text, or a whole AdmissionReview with the uid of the request,
// whose patch, if it has one, applies to the request's own object.

import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { isObject, type Json, own } from '../../src/std/json.ts'
import type { FuzzCase } from './cases.ts'

export interface FuzzReply {
  readonly status: number
  readonly body: string
}

/** What is wrong with `reply`; undefined when it is as it must be. */
export function checkReply(request: FuzzCase, reply: FuzzReply): string | undefined {
  if (reply.status >= 400 && reply.status < 500) return undefined
  if (reply.status !== 200) return `status ${reply.status}: ${reply.body.slice(0, 200)}`
  const review = parse(reply.body)
  const response = isObject(review) ? own(review, 'response') : undefined
  if (!isObject(review) || !isObject(response)) return `no review: ${reply.body.slice(0, 200)}`
  const sent = parse(request.body.toString('utf8'))
  return checkUid(sent, review, response) ?? checkAnswer(sent, response)
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

function requestOf(sent: Json): Json | undefined {
  return isObject(sent) ? own(sent, 'request') : undefined
}

/** Without a kind the body was no review, and there is no uid to give back. */
function checkUid(sent: Json, review: Json, response: Json): string | undefined {
  const request = requestOf(sent)
  const uid = isObject(request) ? own(request, 'uid') : undefined
  const got = isObject(response) ? own(response, 'uid') : undefined
  if (typeof got !== 'string') return 'the response has no uid'
  const decoded = isObject(review) && own(review, 'kind') === 'AdmissionReview'
  if (!decoded || typeof uid !== 'string') return undefined
  return got === uid.toWellFormed()
    ? undefined
    : `uid ${JSON.stringify(uid)} came back as ${JSON.stringify(got)}`
}

function checkAnswer(sent: Json, response: Json): string | undefined {
  if (!isObject(response)) return 'no response'
  const allowed = own(response, 'allowed')
  const patch = own(response, 'patch')
  if (allowed === false) {
    const status = own(response, 'status')
    const message = isObject(status) ? own(status, 'message') : undefined
    if (typeof message !== 'string' || message === '') return 'a refusal without a message'
    return message.startsWith('internal error') ? message : undefined
  }
  if (allowed !== true) return 'allowed is neither true nor false'
  if (patch === undefined) return undefined
  if (typeof patch !== 'string' || own(response, 'patchType') !== 'JSONPatch')
    return 'the patch is not base64 of a JSON patch'
  const request = requestOf(sent)
  const object = isObject(request) ? own(request, 'object') : undefined
  // A body in YAML, or with names in another case, is not what JSON.parse gives.
  if (object === undefined) return undefined
  try {
    applyPatch(object, JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as Operation[])
    return undefined
  } catch (error) {
    return `the patch does not apply: ${error instanceof Error ? error.message : String(error)}`
  }
}
