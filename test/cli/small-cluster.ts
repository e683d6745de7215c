// A cluster in small: objects from YAML behind a fake API server on loopback, and a kubeconfig that leads to it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { FakeApi } from '../kube/fake-api.ts'

/** A cluster that holds the objects of a YAML text; its kubeconfig is `.kube/config` of `home`. */
export async function startCluster(text: string, home: string): Promise<FakeApi> {
  const api = await new FakeApi().start()
  for (const document of splitDocuments(text)) {
    const object = parseYaml(document)
    if (isObject(object)) putObject(api, object)
  }
  writeKubeconfig(api, home)
  return api
}

export function putObject(api: FakeApi, object: JsonObject): void {
  const resource = Object.values<Resource>(RESOURCE).find(({ kind }) => kind === object['kind'])
  if (resource === undefined) throw new Error(`no resource of kind ${String(object['kind'])}`)
  api.put(resource, object)
}

export function writeKubeconfig(api: FakeApi, home: string): void {
  mkdirSync(join(home, '.kube'), { recursive: true })
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'small', cluster: { server: api.url } }],
    users: [{ name: 'me', user: {} }],
    contexts: [{ name: 'small', context: { cluster: 'small', user: 'me' } }],
    'current-context': 'small',
  }
  writeFileSync(join(home, '.kube/config'), JSON.stringify(config))
}
