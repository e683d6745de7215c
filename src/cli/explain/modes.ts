// How the running remora injects, where its flags can change it: --compat and --structure, as the pods behind its Service
// were started. In: the webhook configurations; out: both modes. Flags of the command line come before them. Reads only.

import {
  CONFIGURATION_NAME,
  type Configuration,
  objectField,
  textField,
} from '../../revision/configuration.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import type { JsonObject } from '../../std/json.ts'
import { readOurService } from '../cluster/check-replicas.ts'
import { listField } from '../cluster/pods.ts'
import type { Session } from '../cluster/session.ts'

export interface Modes {
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
}

/** As without flags. */
const USUAL: Modes = { compat: 'istio', structure: 'refuse' }

/**
 * Of the first ready pod by name; where replicas differ (a rollout is under way) it is noted. The usual ones where remora
 * is not called, does not run, or may not be looked at, which is noted, too.
 */
export async function runningModes(
  session: Session,
  configurations: readonly Configuration[],
  notes: string[],
): Promise<Modes> {
  if (!configurations.some(({ name }) => name === CONFIGURATION_NAME)) return USUAL
  const service = await readOurService(session, configurations, notes)
  const pods = (service?.pods ?? []).map((pod) => ({ name: nameOf(pod), modes: modesOf(pod) }))
  const [first, ...others] = pods.toSorted((a, b) => compareGoStrings(a.name, b.name))
  if (first === undefined) return USUAL
  const other = others.find(({ modes }) => modesText(modes) !== modesText(first.modes))
  if (other !== undefined) {
    const said = `replica ${first.name} injects with ${modesText(first.modes)}, ${other.name} with ${modesText(other.modes)}`
    notes.push(`${said}: what the first would do is told`)
  }
  return first.modes
}

const modesText = ({ compat, structure }: Modes): string => `--compat ${compat} --structure ${structure}`

const nameOf = (pod: JsonObject): string => textField(objectField(pod, 'metadata'), 'name')

function modesOf(pod: JsonObject): Modes {
  const args = listField(objectField(pod, 'spec'), 'containers').flatMap(argumentsOf)
  return {
    compat: flagOf(args, '--compat') === 'improved' ? 'improved' : 'istio',
    structure: flagOf(args, '--structure') === 'istio' ? 'istio' : 'refuse',
  }
}

function argumentsOf(container: JsonObject): string[] {
  const texts = ['command', 'args'].flatMap((field) => container[field] ?? [])
  const all = texts.filter((text) => typeof text === 'string')
  return all.includes('webhook') ? all : []
}

/** The last one counts, as for the program itself. */
function flagOf(args: readonly string[], flag: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === flag || arg.startsWith(`${flag}=`))
  const arg = args[at]
  return arg === flag ? args[at + 1] : arg?.slice(flag.length + 1)
}
