// What is answered to a request that is injected: the patch for the object as it was sent, which may know fields and
// spellings that Go's types do not (contract §12).

import type { Pod } from '../api/kube.ts'
import { withAnnotations } from '../injection/annotations.ts'
import type { InjectionResult } from '../injection/inject.ts'
import { diff, type Operation } from '../patch/diff.ts'
import { rebase } from '../patch/rebase.ts'
import { POD } from '../patch/schema.ts'
import { isObject, type Json, own } from '../std/json.ts'

/** What turns `raw`, the request's object, into what `result` says of it; `pod` is `raw` decoded, as it was injected. */
export function patchOf(raw: Json, pod: Pod, result: InjectionResult): Operation[] {
  const from = sparseAs(result.base, raw, pod)
  return diff(from, rebase(from, result.base as unknown as Json, result.pod as unknown as Json, POD))
}

/** `raw` with the annotations of `base`, where that lacks some of those that are the same in all three. */
function sparseAs(base: Pod, raw: Json, pod: Pod): Json {
  const { annotations } = base.metadata
  if (annotations === undefined || annotations === pod.metadata.annotations) return raw
  if (annotationsOf(raw) !== pod.metadata.annotations) return raw
  return withAnnotations(raw as unknown as Pod, annotations) as unknown as Json
}

function annotationsOf(object: Json): Json | undefined {
  const metadata = isObject(object) ? own(object, 'metadata') : undefined
  return isObject(metadata) ? own(metadata, 'annotations') : undefined
}
