// Command `admit`: AdmissionReviews in, AdmissionReview responses out, through the very function that the webhook uses.
// One review a line is answered as it comes, one response a line; a document of several lines is one review.

import { type AdmissionOutcome, admitText } from '../../admission/admit.ts'
import { parseRoute } from '../../admission/path.ts'
import type { MeshSnapshot } from '../../mesh/snapshot.ts'
import { ProblemError } from '../../std/problem.ts'
import { revisionName, type SettingsFlags } from '../flags.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { warn } from '../print.ts'
import { loadSettings } from '../settings.ts'

export interface AdmitFlags extends SettingsFlags {
  readonly path: string
  readonly trace?: boolean
  readonly tag?: readonly string[]
}

/** As the webhook's own limit on a request. */
const TIME_LIMIT = 5_000

export async function admitCommand(io: Io, flags: AdmitFlags): Promise<void> {
  if (parseRoute(flags.path) === undefined) {
    const expected = 'expected /inject…, /revisions/NAME/inject… or /tags/NAME/inject…'
    throw new ProblemError('usage', `path "${flags.path}" is no injection path, ${expected}`)
  }
  const { revision, cluster, notes } = await loadSettings(io, flags)
  for (const note of notes) warn(io, note)
  const name = revisionName(flags)
  const snapshot: MeshSnapshot = {
    generation: 1,
    defaultRevision: name,
    revisions: { [name]: { settings: revision } },
    tags: Object.fromEntries((flags.tag ?? []).map((tag) => [tag, name])),
    cluster,
  }
  let unread = 0
  let count = 0
  for await (const text of reviews(io)) {
    count++
    const outcome = answer(snapshot, text, flags)
    if (outcome.reason === 'invalid-review') {
      unread++
      warn(io, `review ${count} cannot be read: ${outcome.problem?.message ?? 'no reason is known'}`)
    }
    io.stdout.write(`${JSON.stringify(flags.trace === true ? traced(outcome) : outcome.response)}\n`)
  }
  if (count === 0)
    throw new ProblemError('invalid-json', 'standard input is empty, expected an AdmissionReview')
  if (unread > 0) throw new Exit(EXIT.error)
}

function answer(snapshot: MeshSnapshot, text: string, flags: AdmitFlags): AdmissionOutcome {
  const now = (): number => performance.now()
  const deadline = { now, at: now() + TIME_LIMIT }
  return admitText(snapshot, text, flags.path, { compat: flags.compat, structure: flags.structure, deadline })
}

/** The response with what led to it beside it, under a key of its own. */
function traced(outcome: AdmissionOutcome): object {
  const { response, reason, revision, decision, templates, problem } = outcome
  const trace = {
    outcome: outcome.outcome,
    reason,
    revision,
    rules: decision?.trace ?? [],
    ...(templates === undefined ? {} : { templates }),
    ...(problem === undefined ? {} : { problem: problem.message, where: problem.where }),
  }
  return { ...response, trace }
}

/** The reviews of standard input: its lines where the first line is a whole JSON value, else all of it. */
async function* reviews(io: Io): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  let byLine: boolean | undefined
  for await (const chunk of io.stdin) {
    rest += decoder.decode(chunk, { stream: true })
    while (byLine !== false) {
      const newline = rest.indexOf('\n')
      if (newline === -1) break
      const line = rest.slice(0, newline)
      if (line.trim() !== '') {
        byLine ??= isJson(line)
        if (!byLine) break
        yield line
      }
      rest = rest.slice(newline + 1)
    }
  }
  if (rest.trim() !== '') yield rest
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
