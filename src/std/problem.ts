// A Problem is what a person is told when input cannot be used: what is wrong, where, and what to do.
// The code is stable (tests and metrics use it); the message is a lower-case sentence that quotes the value.

export type ProblemCode =
  | 'invalid-yaml'
  | 'invalid-json'
  | 'invalid-config'
  | 'invalid-values'
  | 'invalid-mesh'
  | 'invalid-template'
  | 'invalid-object'
  | 'invalid-review'
  | 'invalid-annotation'
  | 'template-failed'
  | 'structure'
  | 'merge-failed'
  | 'unknown-revision'
  | 'not-found'
  | 'io'
  | 'usage'
  | 'limit'
  /** Ours to mend, not the user's. */
  | 'defect'

export interface Where {
  readonly file?: string
  /** 1-based. */
  readonly line?: number
  readonly column?: number
  /** `kind namespace/name`, or `kind name` without a namespace. */
  readonly object?: string
  /** Field path inside the object, as `spec.containers[0].image`. */
  readonly field?: string
}

export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly where: Where
  readonly hint: string | undefined

  constructor(code: ProblemCode, message: string, where: Where = {}, hint?: string) {
    super(message)
    this.name = 'ProblemError'
    this.code = code
    this.where = where
    this.hint = hint
  }
}
