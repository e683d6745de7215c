// Remora in cluster mode for the memory row: a process beside an API server that has three revisions and 1,000
// namespaces. The API server is the one of the tests, in this process, so that the memory measured is remora's alone.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBuiltin } from '../../src/config/builtin.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { install } from '../reconcile/replica.ts'
import { revisionObjects } from '../reconcile/watched.ts'
import { type BenchSettings, type Server, startRemora, stop } from './servers.ts'

const REVISIONS = ['default', 'blue', 'green']
const NAMESPACES = 1000

/** The texts of the settings as they stand in ConfigMaps. */
export function textsOf({ files }: BenchSettings): { config: string; values: string; mesh: string } {
  const builtin = readBuiltin()
  const text = (flag: string, otherwise: string): string => {
    const path = files[flag]
    return path === undefined ? otherwise : readFileSync(path, 'utf8')
  }
  return {
    config: text('--injectConfigFile', builtin.config),
    values: text('--valuesFile', builtin.values),
    mesh: text('--meshConfigFile', builtin.mesh),
  }
}

function fill(api: FakeApi, settings: BenchSettings): void {
  const { config, values, mesh } = textsOf(settings)
  for (const revision of REVISIONS) {
    const objects = revisionObjects(revision, { config, values })
    install(api, { ...objects, mesh: { ...objects.mesh, data: { mesh } } })
  }
  for (let i = 0; i < NAMESPACES; i++) {
    const name = `team-${i}`
    api.put(RESOURCE.namespace, { metadata: { name, labels: { 'istio.io/rev': 'blue', team: name } } })
  }
}

/** Starts remora in cluster mode, runs `use`, and ends it. The certificate is that of `stateDir`. */
export async function withCluster<T>(
  program: string,
  stateDir: string,
  settings: BenchSettings,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const api = await new FakeApi().start()
  try {
    fill(api, settings)
    const kubeconfig = join(stateDir, 'kubeconfig')
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: api.url } }],
        users: [{ name: 'u', user: { token: 'bench' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    )
    const pair = ['--cert-file', join(stateDir, 'tls.crt'), '--key-file', join(stateDir, 'tls.key')]
    const server = await startRemora(program, ['--kubeconfig', kubeconfig, '--cert-source', 'files', ...pair])
    try {
      return await use(server)
    } finally {
      await stop(server)
    }
  } finally {
    await api.away()
  }
}
