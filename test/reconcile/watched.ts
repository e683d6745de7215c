// What the watches of a small cluster hold: two revisions with remora's own settings, a tag, and a place to change each.

import { readBuiltin } from '../../src/config/builtin.ts'
import { type ConfigTexts, readConfigTexts, type Watched } from '../../src/reconcile/inputs.ts'
import { readControlPlane, readLabelled } from '../../src/revision/control-plane.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { istioObject } from '../revision/objects.ts'

const BUILTIN = readBuiltin()

/** The objects of a revision; `default` is the empty one. */
export function revisionObjects(revision: string, change: JsonObject = {}) {
  const suffix = revision === 'default' ? '' : `-${revision}`
  const labels = { app: 'istiod', 'istio.io/rev': revision }
  const namespace = 'istio-system'
  const { config, values, mesh } = BUILTIN
  return {
    injector: {
      metadata: { name: `istio-sidecar-injector${suffix}`, namespace, labels },
      data: { config, values, ...change },
    },
    mesh: { metadata: { name: `istio${suffix}`, namespace, labels }, data: { mesh } },
    deployment: {
      metadata: { name: `istiod${suffix}`, namespace, labels },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'discovery',
                image: 'registry.example/pilot:1.30.3',
                env: [{ name: 'CLUSTER_ID', value: 'c-1' }],
              },
            ],
          },
        },
      },
    },
    webhook: {
      kind: 'MutatingWebhookConfiguration',
      ...istioObject({
        name: `istio-sidecar-injector${suffix}`,
        revision,
        isDefault: revision === 'default',
      }),
    },
  }
}

export type RevisionObjects = ReturnType<typeof revisionObjects>

/** As the watches select them. */
export function watchedOf(revisions: readonly RevisionObjects[], more: Partial<Watched> = {}): Watched {
  const name = (object: JsonObject): string => String((object['metadata'] as JsonObject)['name'])
  const byName = <T>(objects: readonly JsonObject[], select: (raw: JsonObject) => T): Map<string, T> =>
    new Map(objects.map((object) => [name(object), select(object)]))
  const maps = revisions.flatMap(({ injector, mesh }): JsonObject[] => [injector, mesh])
  const texts = [...byName(maps, readConfigTexts)].filter(
    (entry): entry is [string, ConfigTexts] => entry[1] !== undefined,
  )
  return {
    configMaps: new Map(texts),
    deployments: byName(
      revisions.map(({ deployment }) => deployment),
      readControlPlane,
    ),
    services: byName([], readLabelled),
    namespaces: new Map(),
    proxyConfigs: new Map(),
    nodes: new Map(),
    configurations: byName(
      revisions.map(({ webhook }) => webhook),
      (raw) => raw,
    ),
    validators: new Map(),
    ...more,
  }
}
