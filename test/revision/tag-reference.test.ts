// The objects of tags as Istio itself makes them, in every captured installation.

import { describe, expect, it } from 'vitest'
import { planTagSet } from '../../src/revision/tag.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { FakeCluster } from './fake-cluster.ts'
import { installations, ofKind } from './reference-objects.ts'
import { REQUEST, tagCluster } from './tag-cluster.ts'

const all = installations().filter(({ tags }) => tags.size > 0)

describe.skipIf(all.length === 0)('captured tags', () => {
  it.each(all.map((each) => [each.name, each] as const))('%s', (name, { objects, tags }) => {
    const revision = /default-rev-(.+)$/.exec(name)?.[1] ?? 'default'
    const cluster = new FakeCluster(ofKind(objects, 'MutatingWebhookConfiguration'))
    for (const [tag, captured] of tags) {
      const request = { ...REQUEST, tag, revision, generate: true }
      const plan = planTagSet(tagCluster(cluster, objects), request)
      expect(plan.objects.map((object) => object['kind'])).toEqual(captured.map((object) => object['kind']))
      plan.objects.forEach((object, index) => {
        expect(comparable(object), `${tag} ${String(object['kind'])}`).toEqual(
          comparable(captured[index] ?? {}),
        )
      })
    }
  })
})

/** Without marks of installers, and what the API server fills in. */
function comparable(object: JsonObject): unknown {
  const { status: _, ...rest } = object
  const metadata = { ...(rest['metadata'] as JsonObject) }
  delete metadata['creationTimestamp']
  const labels = { ...(metadata['labels'] as JsonObject) }
  delete labels['app.kubernetes.io/managed-by']
  delete labels['helm.sh/chart']
  const text = JSON.stringify({ ...rest, metadata: { ...metadata, labels } }, (key, value: unknown) => {
    if (key === 'targetPort' || key === 'selector' || key === 'caBundle') return undefined
    if (key === 'ports' && Array.isArray(value)) {
      return value.filter(isObject).map((port) => ({ protocol: 'TCP', ...port }))
    }
    return isObject(value) ? Object.fromEntries(Object.entries(value).sort()) : value
  })
  return JSON.parse(text)
}
