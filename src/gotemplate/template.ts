// The entrance: from template text to something that can be executed any number of times.
// A Template never changes; every execution has a Run of its own. Parsing and executing throw TemplateError only,
// but for defects of the functions given.

import { nodeText } from './ast.ts'
import { BUILTINS } from './builtins.ts'
import { type CompiledTrees, compileTrees } from './compile.ts'
import { Source, TemplateError, type TemplateErrorCode } from './error.ts'
import { FuncError, type FuncMap, type TemplateFunc } from './func.ts'
import { DEFAULT_LIMITS, type Deadline, LimitError, type TemplateLimits } from './limits.ts'
import { changesMaps, withOwnMaps } from './own-maps.ts'
import { parseTrees, type Trees } from './parse.ts'
import { goQuote } from './quote.ts'
import { RecordedRun, type Recording, Replay, Unrecordable } from './record.ts'
import { type Mark, ROOT, Run, type Span } from './run.ts'
import type { GoValue } from './value.ts'
import type { MissingKey } from './value-ops.ts'

export { TemplateError } from './error.ts'
export { DEFAULT_LIMITS, type TemplateLimits } from './limits.ts'
export type { Mark, Span } from './run.ts'

export interface RunOptions {
  readonly limits?: Partial<TemplateLimits>
  readonly deadline?: Deadline
  /** Names of root fields; what is printed from them is reported in `marks`. */
  readonly marked?: ReadonlySet<string>
  /** Report in `spans` which part of the source wrote which part of the output. */
  readonly spans?: boolean
}

export interface Rendered {
  /** Bytes outside UTF-8 stand in it as std/bytes.ts says. */
  readonly text: string
  /** In the order of the text; empty unless `marked` was given. */
  readonly marks: readonly Mark[]
  /** In the order of the text; only when asked for. */
  readonly spans?: readonly Span[]
}

export interface Template {
  readonly name: string
  /** Throws TemplateError: Go's error text, the place, and for a limit which one. */
  execute(root: GoValue, options?: RunOptions): Rendered
  /**
   * Runs the template and takes down what depends on the `marked` fields; undefined when the run fails or cannot be
   * recorded. The root's other fields must be the same in every replay.
   */
  record(root: GoValue, options: RunOptions): Recording | undefined
  /** A replay of recorded operations for another root, within the limits of a run. */
  replay(root: GoValue, options?: RunOptions): Replay
}

export interface ParseOptions {
  /** Go's option `missingkey`; `default` unless given. */
  readonly missingkey?: MissingKey
}

/**
 * Parses a template, and compiles it when it is run. `funcs` come on top of Go's builtins and win over them.
 * Throws TemplateError for syntax errors, unknown functions and refused functions.
 */
export function parseTemplate(
  name: string,
  text: string,
  funcs: FuncMap,
  options: ParseOptions = {},
): Template {
  const all: FuncMap = new Map([...BUILTINS, ...funcs])
  return new ParsedTemplate(name, text, parseTrees(name, text, all), all, options.missingkey ?? 'default')
}

const NOTHING: ReadonlySet<string> = new Set()

class ParsedTemplate implements Template {
  readonly name: string
  private readonly source: Source
  private readonly trees: Trees
  private readonly funcs: ReadonlyMap<string, TemplateFunc>
  private readonly missing: MissingKey
  private readonly changes: boolean
  /** Each is made when the first such run comes: many templates of a config are never run, and few in each way. */
  private plain: CompiledTrees | undefined
  /** For runs with marks or spans. */
  private tracking: CompiledTrees | undefined
  private recording: CompiledTrees | undefined

  constructor(name: string, text: string, trees: Trees, funcs: FuncMap, missing: MissingKey) {
    this.name = name
    this.source = new Source(text)
    this.trees = trees
    this.funcs = new Map(
      [...funcs].flatMap(([key, func]) => ('refused' in func ? [] : [[key, func] as const])),
    )
    this.missing = missing
    this.changes = changesMaps(trees, this.funcs)
  }

  private compile(tracking: boolean, recording = false): CompiledTrees {
    const { funcs, missing } = this
    return compileTrees(this.trees, this.source, { funcs, missing, tracking, recording })
  }

  execute(root: GoValue, options: RunOptions = {}): Rendered {
    const run = this.newRun(options)
    if (options.marked === undefined && options.spans !== true) {
      this.plain ??= this.compile(false)
      return this.run(run, this.plain, root)
    }
    if (options.spans === true) run.spans = []
    this.tracking ??= this.compile(true)
    run.dotTaint = ROOT
    run.taints = [ROOT]
    return this.run(run, this.tracking, root)
  }

  record(root: GoValue, options: RunOptions): Recording | undefined {
    if (root === null || root === undefined) return undefined
    const run = new RecordedRun(...this.runArguments(options))
    run.dotTaint = ROOT
    run.taints = [ROOT]
    this.recording ??= this.compile(true, true)
    try {
      this.run(run, this.recording, root)
    } catch (error) {
      if (error instanceof TemplateError || error instanceof Unrecordable) return undefined
      throw error
    }
    return run.unrecordable ? undefined : run.recorder.finish(run.steps)
  }

  replay(root: GoValue, options: RunOptions = {}): Replay {
    return new Replay(root, this.newRun(options))
  }

  private newRun(options: RunOptions): Run {
    return new Run(...this.runArguments(options))
  }

  private runArguments({ limits, deadline, marked }: RunOptions): ConstructorParameters<typeof Run> {
    const all = limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits }
    return [this.name, all, deadline, marked ?? NOTHING]
  }

  private run(run: Run, trees: CompiledTrees, root: GoValue): Rendered {
    const tree = trees.get(this.name)
    // A nil root is no value, as in Go.
    const own = this.changes ? withOwnMaps(root) : root
    const dot = own === null ? undefined : own
    run.variables = [dot]
    try {
      tree?.exec(run, dot)
    } catch (error) {
      throw this.located(run, error)
    }
    const { text, marks, spans } = run
    return spans === undefined ? { text, marks } : { text, marks, spans }
  }

  private located(run: Run, error: unknown): unknown {
    if (error instanceof FuncError) return this.failure(run, error.message, 'exec')
    if (error instanceof LimitError) return this.failure(run, error.message, 'limit')
    // The nesting of templates and data is bounded, but how much stack was left to us is not.
    if (error instanceof RangeError) return this.failure(run, `exceeded the stack: ${error.message}`, 'limit')
    return error
  }

  private failure(run: Run, message: string, code: TemplateErrorCode): TemplateError {
    const place = this.source.placeOf(run.at.pos)
    const expression = nodeText(run.at)
    const where = `${this.name}:${place.line}:${place.bytes}`
    return new TemplateError(
      `template: ${where}: executing ${goQuote(run.name)} at <${expression}>: ${message}`,
      {
        phase: 'exec',
        code,
        template: this.name,
        line: place.line,
        column: place.column,
        expression,
        source: place.source,
      },
    )
  }
}
