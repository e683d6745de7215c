// Istio played in a test cluster: the webhook configuration and ConfigMaps of an installation, with remora's stand-alone
// webhook in istiod's place. What istiod does to its webhook configuration (writing the caBundle) is done here too.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { type ApiAccess, fetchJson } from '../cluster/wait.ts'
import { findReference } from '../reference/outcome.ts'

/** Objects that an Istio installation leaves in a cluster, as its installer prints them; undefined without reference data. */
export function capturedObject(installation: string, file: string): JsonObject | undefined {
  const reference = findReference()
  if (reference === undefined) return undefined
  const path = join(reference, installation, file)
  if (!existsSync(path)) return undefined
  const object = parseYaml(readFileSync(path, 'utf8'))
  return isObject(object) ? object : undefined
}

/** Creates an object; throws with the API server's words when it is refused. */
export async function create(api: ApiAccess, path: string, object: Json): Promise<JsonObject> {
  const { status, body } = await fetchJson(api, 'POST', path, object)
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`)
  return body as JsonObject
}

/** A Service whose name the API server resolves to this machine: nothing routes cluster addresses in a test cluster. */
export function loopbackService(name: string, port: number): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  }
}

/**
 * A webhook configuration as istiod keeps it: with its caBundle in every entry. The port (or the URL) is that of the
 * process on this machine, because loopbackService cannot map ports; nothing else is changed.
 */
export function withBundle(configuration: JsonObject, caBundle: string, port: number): JsonObject {
  const webhooks = (configuration['webhooks'] as JsonObject[]).map((webhook) => {
    const client = webhook['clientConfig'] as JsonObject
    const target = isObject(client['service'])
      ? { service: { ...client['service'], port } }
      : { url: `https://localhost:${port}/inject` }
    return { ...webhook, clientConfig: { ...target, caBundle } }
  })
  return { ...configuration, webhooks }
}
