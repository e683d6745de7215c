// ProxyConfig objects of group networking.istio.io, reduced to what injection reads (contract §3.5). Objects that Istio's
// typed reader would refuse give undefined, as it leaves them out too.

import type { ProxyConfigResource } from '../api/mesh.ts'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { messageType } from './proto.ts'
import { JsonError, readMessage } from './proto-read.ts'

const SPEC = messageType('netbeta.ProxyConfig')

function text(object: JsonObject, key: string): string {
  const value = own(object, key)
  return typeof value === 'string' ? value : ''
}

function readSpec(spec: Json): Partial<ProxyConfigResource> | undefined {
  try {
    const read = readMessage(SPEC, spec)
    const selector = read['selector'] as { matchLabels?: Record<string, string> } | undefined
    const image = read['image'] as { imageType?: string } | undefined
    return {
      matchLabels: selector === undefined ? undefined : (selector.matchLabels ?? {}),
      ...(read['concurrency'] !== undefined && { concurrency: read['concurrency'] as number }),
      ...(read['environmentVariables'] !== undefined && {
        environmentVariables: read['environmentVariables'] as Record<string, string>,
      }),
      ...(image !== undefined && { imageType: image.imageType ?? '' }),
    }
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

/** Reads one object; undefined when it is not a usable ProxyConfig. */
export function readProxyConfigResource(object: Json): ProxyConfigResource | undefined {
  if (!isObject(object) || own(object, 'kind') !== 'ProxyConfig') return undefined
  const metadata = own(object, 'metadata')
  const spec = readSpec(own(object, 'spec') ?? null)
  if (!isObject(metadata) || spec === undefined) return undefined
  return {
    name: text(metadata, 'name'),
    namespace: text(metadata, 'namespace'),
    creationTimestamp: text(metadata, 'creationTimestamp'),
    matchLabels: undefined,
    ...spec,
  }
}
