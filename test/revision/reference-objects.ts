// The captured objects of Istio installations: what a test of discovery, tags and routing can be tried on.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Configuration, readConfiguration } from '../../src/revision/configuration.ts'
import { readControlPlane, readLabelled } from '../../src/revision/control-plane.ts'
import type { ClusterObjects } from '../../src/revision/discover.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { findReference } from '../reference/outcome.ts'

export interface Installation {
  readonly name: string
  readonly folder: string
  /** As the chart renders them. */
  readonly objects: readonly JsonObject[]
  /** By file name: as `istioctl install` leaves them, instead of or beside those of the same name. */
  readonly installed: readonly JsonObject[]
  /** By tag: what `istioctl tag generate` prints. */
  readonly tags: ReadonlyMap<string, readonly JsonObject[]>
}

function documents(file: string): JsonObject[] {
  return splitDocuments(readFileSync(file, 'utf8'))
    .map((text) => parseYaml(text))
    .filter(isObject)
}

function folder(path: string): JsonObject[] {
  if (!existsSync(path)) return []
  const files = readdirSync(path).filter((file) => file.endsWith('.yaml'))
  return files.flatMap((file) => documents(join(path, file)))
}

/** None without reference data. */
export function installations(): Installation[] {
  const reference = findReference()
  if (reference === undefined) return []
  const releases = readdirSync(reference).filter((name) => name.startsWith('istio-'))
  return releases.flatMap((release) => {
    const clusters = join(reference, release, 'clusters')
    if (!existsSync(clusters)) return []
    return readdirSync(clusters).map((name) => {
      const path = join(clusters, name)
      const tags = existsSync(join(path, 'tags')) ? readdirSync(join(path, 'tags')) : []
      return {
        name: `${release}/${name}`,
        folder: path,
        objects: folder(path),
        installed: folder(join(path, 'after-istioctl-install')),
        tags: new Map(
          tags.map((file) => [file.replace('.yaml', ''), documents(join(path, 'tags', file))] as const),
        ),
      }
    })
  })
}

export function ofKind(objects: readonly JsonObject[], kind: string): JsonObject[] {
  return objects.filter((object) => object['kind'] === kind)
}

const nameOf = (object: JsonObject): string => `${String(object['kind'])} ${readLabelled(object).name}`

/** The later object of a kind and name wins. */
export function merged(...lists: readonly (readonly JsonObject[])[]): JsonObject[] {
  return [...new Map(lists.flat().map((object) => [nameOf(object), object])).values()]
}

export function configurationsOf(objects: readonly JsonObject[], namespace: string): Configuration[] {
  return ofKind(objects, 'MutatingWebhookConfiguration').map((raw) => readConfiguration(raw, namespace))
}

/** What discovery is given of a cluster with these objects. */
export function clusterObjects(
  objects: readonly JsonObject[],
  namespace: string = 'istio-system',
): ClusterObjects {
  const istiod = (kind: string): JsonObject[] =>
    ofKind(objects, kind).filter((object) => readLabelled(object).labels['app'] === 'istiod')
  const validators = ofKind(objects, 'ValidatingWebhookConfiguration').map(readLabelled)
  return {
    configurations: configurationsOf(objects, namespace),
    services: istiod('Service').map(readLabelled),
    deployments: istiod('Deployment').map(readControlPlane),
    configMaps: ofKind(objects, 'ConfigMap')
      .map(readLabelled)
      .filter(({ name }) => name.startsWith('istio-sidecar-injector')),
    defaultValidator: validators.find(({ name }) => name === 'istiod-default-validator')?.labels[
      'istio.io/rev'
    ],
  }
}
