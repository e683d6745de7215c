// Key `values` of the injector's ConfigMap: read twice as Istio does, once untyped for templates and once typed for what
// code needs (contract §3.2). Unknown fields are fine, a known field of the wrong type makes the text unusable.

import type { InjectValues, Message } from '../api/mesh.ts'
import { goString } from '../gotemplate/format.ts'
import type { GoValue } from '../gotemplate/value.ts'
import { isObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'
import { messageType } from './proto.ts'
import { JsonError, readMessage } from './proto-read.ts'
import { yamlData } from './yaml-text.ts'

const VALUES = messageType('op.Values')

function part(message: Message, ...path: readonly string[]): Message {
  let found: Message = message
  for (const name of path) found = (found[name] ?? {}) as Message
  return found
}

function text(message: Message, name: string): string {
  return (message[name] ?? '') as string
}

/** Reads the text. Throws ProblemError `invalid-values` with Istio's text `could not parse configuration values: …`. */
export function readValues(source: string): InjectValues {
  try {
    const typed = readMessage(VALUES, yamlData(source))
    const raw = parseYaml(source)
    const global = part(typed, 'global')
    const proxy = part(global, 'proxy')
    return {
      raw: isObject(raw) ? raw : {},
      hub: text(global, 'hub'),
      tag: Object.hasOwn(global, 'tag') ? goString(global['tag'] as GoValue) : '',
      variant: text(global, 'variant'),
      proxyImage: text(proxy, 'image'),
      clusterName: text(part(global, 'multiCluster'), 'clusterName'),
      network: text(global, 'network'),
      holdApplicationUntilProxyStarts: proxy['holdApplicationUntilProxyStarts'] === true,
      rewriteAppHTTPProbe: part(typed, 'sidecarInjectorWebhook')['rewriteAppHTTPProbe'] === true,
    }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ProblemError('invalid-values', `could not parse configuration values: ${error.message}`)
  }
}
