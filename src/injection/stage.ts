// What an injection shows of itself on its way: the pod after each step, for those who explain it. Types only.

import type { Pod } from '../api/kube.ts'
import type { Rendered } from '../gotemplate/template.ts'

/** The pod as it is after a step of the pipeline; after a template, with what that rendered. */
export type InjectionStage =
  | {
      /** `rendered`: before the template is merged; `template`: after it. */
      readonly kind: 'rendered' | 'template'
      readonly name: string
      readonly rendered: Rendered
      readonly pod: Pod
    }
  | {
      readonly kind: 'containers' | 'cluster' | 'prometheus' | 'probes' | 'metadata' | 'order'
      readonly pod: Pod
    }
