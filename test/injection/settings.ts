// Settings for tests: the built-in templates with the default values, as one revision.

import type { ClusterView, InjectorEnv, RevisionInputs } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import { buildRevision, type RevisionSettings } from '../../src/mesh/snapshot.ts'

export const CLUSTER: ClusterView = {
  access: true,
  id: 'Kubernetes',
  nodes: [],
  namespaces: {},
  proxyConfigs: [],
}

/** A revision with the built-in texts, or with those given instead. Sidecars are plain containers unless `env` says so. */
export function makeRevision(changes: Partial<RevisionInputs> = {}): RevisionSettings {
  const texts = readBuiltin()
  const env: InjectorEnv = { ENABLE_NATIVE_SIDECARS: 'false', ...changes.env }
  const inputs = { revision: 'default', release: NEWEST, ...texts, mesh: [texts.mesh], ...changes, env }
  return buildRevision(inputs, templateCompiler(env, inputs.release))
}

/** A revision whose templates are those given, `sidecar` being the default. */
export function revisionWith(
  templates: Record<string, string>,
  changes: Partial<RevisionInputs> = {},
  config: object = {},
): RevisionSettings {
  return makeRevision({ ...changes, config: JSON.stringify({ policy: 'enabled', templates, ...config }) })
}
