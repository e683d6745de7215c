// Reviews that come again with other names in them, as those of one workload's pods do: what they have in common is neither
// parsed nor decoded again. Kept by the server; it holds no answers.

import { POD } from '../patch/schema.ts'
import { rememberDecoded } from '../patch/typed.ts'
import { Forms, type FormsOptions } from '../std/forms/forms.ts'
import type { Json } from '../std/json.ts'
import { MAX_DEPTH, objectOf } from './review.ts'

export function createKnownReviews(options: Omit<FormsOptions, 'deepest' | 'onLearnt'> = {}): Forms {
  const onLearnt = (review: Json): void => rememberDecoded(POD, objectOf(review) ?? null)
  return new Forms({ ...options, deepest: MAX_DEPTH, onLearnt })
}
