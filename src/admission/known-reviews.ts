// Reviews that come again with other names in them, as those of one workload's pods do: what they have in common is neither
// parsed nor decoded again. Kept by the server; it holds no answers.

import { POD } from '../patch/schema.ts'
import { rememberDecoded } from '../patch/typed.ts'
import { Forms, type FormsOptions } from '../std/forms/forms.ts'
import { isObject, type Json, own } from '../std/json.ts'
import { MAX_DEPTH } from './review.ts'

export function createKnownReviews(options: Omit<FormsOptions, 'deepest' | 'onLearnt'> = {}): Forms {
  const onLearnt = (review: Json): void => rememberDecoded(POD, podOf(review))
  return new Forms({ ...options, deepest: MAX_DEPTH, onLearnt })
}

function podOf(review: Json): Json {
  const request = isObject(review) ? own(review, 'request') : undefined
  return (isObject(request) ? own(request, 'object') : undefined) ?? null
}
