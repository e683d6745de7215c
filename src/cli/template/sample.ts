// A plain pod to try templates on where the user gives none: what most pods look like, and nothing more.

import type { JsonObject } from '../../std/json.ts'
import type { PodPlace } from '../input/workloads.ts'

const CONTAINER: JsonObject = { name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }

const SAMPLE: JsonObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'sample', namespace: 'default', labels: { app: 'sample' } },
  spec: { containers: [CONTAINER] },
}

export const SAMPLE_PLACE: PodPlace = {
  path: [],
  objectPath: [],
  object: SAMPLE,
  kind: 'Pod',
  apiVersion: 'v1',
  title: 'sample pod',
  template: SAMPLE,
}
