// The settings a command injects with: from files, from a cluster, or built in; each of the three texts (injection
// config, values, mesh config) on its own. Out come parsed and proven settings of one revision, and what the injector
// sees of its cluster. Problems name the file or ConfigMap they are in.

import type { ClusterView, RevisionInputs } from '../api/mesh.ts'
import { NEWEST, parseRelease } from '../api/release.ts'
import { readBuiltin } from '../config/builtin.ts'
import { templateCompiler } from '../injection/compile.ts'
import { buildRevision, type RevisionSettings } from '../mesh/snapshot.ts'
import type { ClusterSettings } from './cluster.ts'
import { readTextFile } from './documents.ts'
import { revisionName, type SettingsFlags } from './flags.ts'
import type { Io } from './io.ts'
import { configText, type Origins, settingsProblem } from './settings-problem.ts'
import { viewFromFiles } from './view.ts'

export interface Settings {
  readonly revision: RevisionSettings
  readonly inputs: RevisionInputs
  readonly origins: Origins
  readonly cluster: ClusterView
  /** What could not be read, for people. */
  readonly notes: readonly string[]
}

/** Reads and proves the settings that the flags name. Throws a ProblemError that names file, line and value. */
export async function loadSettings(io: Io, flags: SettingsFlags): Promise<Settings> {
  const loaded = await loadInputs(io, flags)
  return { ...loaded, revision: proven(loaded.inputs, loaded.origins) }
}

export async function loadInputs(io: Io, flags: SettingsFlags): Promise<Omit<Settings, 'revision'>> {
  const live = await fromCluster(io, flags)
  const builtin = readBuiltin()
  const name = revisionName(flags)
  const { injectConfigFile, valuesFile, meshConfigFile } = flags
  const given = injectConfigFile === undefined ? undefined : await readTextFile(io, injectConfigFile)
  const map = `ConfigMap ${flags.istioNamespace}/`
  const chosen = {
    config: choose(
      injectConfigFile,
      given === undefined ? undefined : configText(given, injectConfigFile),
      live?.config,
      builtin.config,
    ),
    values: choose(
      valuesFile,
      valuesFile === undefined ? undefined : await readTextFile(io, valuesFile),
      live?.values,
      builtin.values,
    ),
    mesh: choose(
      meshConfigFile,
      meshConfigFile === undefined ? undefined : [await readTextFile(io, meshConfigFile)],
      live?.mesh,
      [builtin.mesh],
    ),
  }
  const release = flags.istioVersion === undefined ? undefined : parseRelease(flags.istioVersion)
  return {
    inputs: {
      revision: name,
      release: release ?? live?.release ?? NEWEST,
      env: { ...live?.env, ...flags.injectorEnv },
      config: chosen.config.text,
      values: chosen.values.text,
      mesh: chosen.mesh.text,
    },
    origins: {
      config: chosen.config.origin ?? `${map}${flags.injectConfigMapName}, key config`,
      values: chosen.values.origin ?? `${map}${flags.injectConfigMapName}, key values`,
      mesh: chosen.mesh.origin ?? `${map}${flags.meshConfigMapName}, key mesh`,
    },
    cluster: await clusterView(io, flags, live),
    notes: live?.notes ?? [],
  }
}

interface Chosen<T> {
  readonly text: T
  /** Undefined: a ConfigMap. */
  readonly origin: string | undefined
}

function choose<T>(
  file: string | undefined,
  text: T | undefined,
  live: T | undefined,
  builtin: T,
): Chosen<T> {
  if (text !== undefined) return { text, origin: file }
  if (live !== undefined) return { text: live, origin: undefined }
  return { text: builtin, origin: 'built-in settings' }
}

/** Settings from a cluster, where a text is wanted that no file gives and a cluster is at hand. */
async function fromCluster(io: Io, flags: SettingsFlags): Promise<ClusterSettings | undefined> {
  const injector = flags.injectConfigFile === undefined || flags.valuesFile === undefined
  const mesh = flags.meshConfigFile === undefined
  if (
    flags.offline === true ||
    (!injector && !mesh && flags.context === undefined && flags.kubeconfig === undefined)
  ) {
    return undefined
  }
  const { clusterUsable, readCluster } = await import('./cluster.ts')
  return clusterUsable(io, flags) ? readCluster(io, flags, { injector, mesh }) : undefined
}

/** What files say wins over what the cluster says, kind by kind. */
async function clusterView(
  io: Io,
  flags: SettingsFlags,
  live: ClusterSettings | undefined,
): Promise<ClusterView> {
  const files = await viewFromFiles(
    io,
    flags.namespaceFile ?? [],
    flags.nodes === undefined ? [] : [flags.nodes],
  )
  if (live === undefined) return files
  return {
    access: files.access || live.view.access,
    id: live.view.id,
    nodes: flags.nodes === undefined ? live.view.nodes : files.nodes,
    namespaces: { ...live.view.namespaces, ...files.namespaces },
    proxyConfigs: flags.namespaceFile === undefined ? live.view.proxyConfigs : files.proxyConfigs,
  }
}

/** The revision built from its texts; a problem is told with the file that it is in. */
export function proven(inputs: RevisionInputs, origins: Origins): RevisionSettings {
  try {
    return buildRevision(inputs, templateCompiler(inputs.env, inputs.release))
  } catch (error) {
    throw settingsProblem(error, inputs, origins)
  }
}
