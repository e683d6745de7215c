// The rights of remora's ServiceAccount beside the calls that it made, as the API server's audit log has them.

import { readFileSync } from 'node:fs'
import { isObject, type JsonObject } from '../../../src/std/json.ts'
import { parseYaml } from '../../../src/std/yaml.ts'
import { splitDocuments } from '../../../src/std/yaml-split.ts'

const ACCOUNT = 'system:serviceaccount:remora-system:remora-injector'

interface Right {
  /** Undefined: in the whole cluster. */
  readonly namespace: string | undefined
  readonly group: string
  readonly resource: string
  /** Undefined: all. */
  readonly name: string | undefined
  readonly verb: string
}

interface AuditEvent {
  readonly verb: string
  readonly requestURI: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
    readonly apiGroup?: string
  }
  readonly responseStatus?: { readonly code: number }
}

export interface Audit {
  readonly calls: number
  readonly rights: number
  /** Calls that were refused for want of a right: always. An API server that has just started knows no rights yet. */
  readonly forbidden: readonly string[]
  /** Rights that no call needed. */
  readonly unused: readonly string[]
}

/** `log`: events of level Metadata, one a line. */
export function auditOf(log: string, rbacFile: string): Audit {
  const lines = log.split('\n').filter((line) => line.includes(ACCOUNT))
  const events = lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ user }) => user.username === ACCOUNT)
  const rights = rightsOf(readFileSync(rbacFile, 'utf8'))
  const isRefused = ({ responseStatus }: AuditEvent): boolean => responseStatus?.code === 403
  const refused = new Set(events.filter(isRefused).map(callOf))
  const allowed = new Set(events.filter((event) => !isRefused(event)).map(callOf))
  return {
    calls: events.length,
    rights: rights.length,
    forbidden: [...refused].filter((call) => !allowed.has(call)),
    unused: rights.filter((right) => !events.some((event) => uses(event, right))).map(textOf),
  }
}

function rightsOf(text: string): Right[] {
  const objects = splitDocuments(text)
    .map((document) => parseYaml(document))
    .filter(isObject)
  return objects.flatMap((object) =>
    ((object['rules'] ?? []) as JsonObject[]).flatMap((rule) => {
      const list = (key: string): string[] => (rule[key] ?? []) as string[]
      const { namespace } = object['metadata'] as { namespace?: string }
      const names = rule['resourceNames'] === undefined ? [undefined] : list('resourceNames')
      return list('apiGroups').flatMap((group) =>
        list('resources').flatMap((resource) =>
          names.flatMap((name) => list('verbs').map((verb) => ({ namespace, group, resource, name, verb }))),
        ),
      )
    }),
  )
}

function uses({ verb, objectRef, responseStatus }: AuditEvent, right: Right): boolean {
  if (objectRef === undefined) return false
  const { apiGroup = '', resource, subresource, namespace, name } = objectRef
  const target = subresource === undefined ? resource : `${resource}/${subresource}`
  if (apiGroup !== right.group || target !== right.resource) return false
  if (right.namespace !== undefined && namespace !== right.namespace) return false
  if (right.name !== undefined && name !== right.name) return false
  // Server-side apply of an object that was not there is a patch that also needs the right to create.
  return verb === right.verb || (verb === 'patch' && right.verb === 'create' && responseStatus?.code === 201)
}

/** What a right is asked for. */
function callOf({ verb, requestURI, objectRef }: AuditEvent): string {
  if (objectRef === undefined) return `${verb} ${requestURI.split('?')[0]}`
  const { apiGroup = '', resource, subresource = '', namespace = '', name = '' } = objectRef
  return [verb, apiGroup, `${resource}/${subresource}`, namespace, name].join(' ')
}

function textOf({ namespace, group, resource, name, verb }: Right): string {
  const of = [group, resource].filter((part) => part !== '').join('/')
  return `${verb} ${of}${name === undefined ? '' : ` "${name}"`} in ${namespace ?? 'the cluster'}`
}
