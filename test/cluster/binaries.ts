// The programs of a test cluster: etcd, the control plane, kubectl, kwok, helm and kustomize.
// They come from KUBEBUILDER_ASSETS when it is set (missing ones are built all the same), else they are built from Go
// modules whose versions the go.mod and go.sum files under modules/ pin, once, into .cache/cluster/<hash of those files>.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const PROGRAMS = {
  etcd: { module: 'etcd', path: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: 'kubernetes', path: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  'kube-controller-manager': { module: 'kubernetes', path: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  'kube-scheduler': { module: 'kubernetes', path: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  kubectl: { module: 'kubernetes', path: 'k8s.io/kubernetes/cmd/kubectl' },
  kwok: { module: 'kwok', path: 'sigs.k8s.io/kwok/cmd/kwok' },
  helm: { module: 'helm', path: 'helm.sh/helm/v3/cmd/helm' },
  kustomize: { module: 'kustomize', path: 'sigs.k8s.io/kustomize/kustomize/v5' },
} as const

export type Program = keyof typeof PROGRAMS
export type Binaries = Readonly<Record<Program, string>>

const MODULES = join(import.meta.dirname, 'modules')
const CACHE = resolve(import.meta.dirname, '../../.cache/cluster')

/** Why the programs cannot be had here, with what to install; undefined when they can. */
export function missingRequirement(): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const all = Object.keys(PROGRAMS) as Program[]
  if (assets !== undefined && all.every((name) => existsSync(join(assets, name)))) return undefined
  if (all.every((name) => existsSync(cachedPath(name)))) return undefined
  const go = spawnSync('go', ['version'], { encoding: 'utf8' })
  if (go.status === 0) return undefined
  return 'a test cluster needs Go >= 1.26 (to build Kubernetes once), or KUBEBUILDER_ASSETS with all of its programs'
}

function cachedPath(program: Program): string {
  const { module } = PROGRAMS[program]
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULES, module, file)))
  hash.update(linkFlags(module))
  return join(CACHE, `${module}-${hash.digest('hex').slice(0, 12)}`, program)
}

/**
 * Without symbols, and Kubernetes with the release that it is of: built as a module it would call itself v0.0.0, which
 * clients believe.
 */
function linkFlags(module: string): string {
  const text = readFileSync(join(MODULES, module, 'go.mod'), 'utf8')
  const [, release, major, minor] = /^\s*k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/m.exec(text) ?? []
  if (release === undefined) return '-s -w'
  const facts = { gitVersion: release, gitMajor: major, gitMinor: minor }
  const set = Object.entries(facts).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  return ['-s -w', ...set].join(' ')
}

function build(program: Program, target: string, say: (line: string) => void): void {
  const { module, path } = PROGRAMS[program]
  const started = performance.now()
  say(`building ${program} (once; the first one of a module takes minutes) …`)
  mkdirSync(join(target, '..'), { recursive: true })
  // Built beside its place and renamed, so that an interrupted build leaves no half program behind.
  const unfinished = `${target}.unfinished`
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    `-ldflags=${linkFlags(module)}`,
    '-o',
    unfinished,
    path,
  ]
  const run = spawnSync('go', args, { cwd: join(MODULES, module), encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`go ${args.join(' ')} failed in ${module}:\n${run.stderr}`)
  renameSync(unfinished, target)
  say(`built ${program} in ${Math.round((performance.now() - started) / 1000)} s`)
}

/** Paths of all programs; builds what is missing. Throws with the compiler's words when a build fails. */
export function findBinaries(say: (line: string) => void): Binaries {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const entries = (Object.keys(PROGRAMS) as Program[]).map((program) => {
    const given = assets === undefined ? undefined : join(assets, program)
    if (given !== undefined && existsSync(given)) return [program, given]
    const cached = cachedPath(program)
    if (!existsSync(cached)) build(program, cached, say)
    return [program, cached]
  })
  return Object.fromEntries(entries) as Binaries
}
