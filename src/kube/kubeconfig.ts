// Which cluster to talk to and as whom, by kubectl's rules: the file named, else the files of KUBECONFIG (the first one
// to set a thing wins), else ~/.kube/config, else the service account of the pod. Files are read here and not kept.

import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Cluster, User } from '@kubernetes/client-node'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'

export interface AccessOptions {
  /** A kubeconfig file; it must exist. */
  readonly kubeconfig?: string | undefined
  /** A context of the kubeconfig, instead of the current one. */
  readonly context?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative file names are resolved against it. */
  readonly cwd?: string
  /** Address of one API server of the cluster, instead of the address that leads to all of them. */
  readonly server?: string
}

/** The user of a context, with what client-node's User has no place for. */
export interface Login extends User {
  /** Read again and again: a bound token changes every hour. */
  readonly tokenFile?: string
  readonly impersonate?: Readonly<Record<string, string | string[]>>
}

export interface Target {
  readonly cluster: Cluster
  readonly user: Login
  /** Of the context; `default` when it names none. */
  readonly namespace: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The kubeconfig files to use, in order of precedence; empty when there are none. */
export function kubeconfigFiles(options: AccessOptions): string[] {
  const { env, cwd = '.' } = options
  if (options.kubeconfig !== undefined) return [resolve(cwd, options.kubeconfig)]
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '')
  const home = env['HOME'] ?? env['USERPROFILE']
  const files = listed.length > 0 ? listed : home === undefined ? [] : [join(home, '.kube', 'config')]
  return [...new Set(files.map((path) => resolve(cwd, path)))].filter((path) => existsSync(path))
}

/** Throws ProblemError (`io`, `invalid-yaml`, `usage`) that says what is wrong with the kubeconfig. */
export function findTarget(options: AccessOptions): Target {
  const target = configuredTarget(options)
  return options.server === undefined
    ? target
    : { ...target, cluster: oneServer(target.cluster, options.server) }
}

/** An API server by its own address; its certificate is for the name that all of them have. */
function oneServer(cluster: Cluster, server: string): Cluster {
  const { hostname } = new URL(cluster.server)
  const isName = !/^[\d.]+$|^\[/.test(hostname)
  const tlsServerName = cluster.tlsServerName ?? (isName ? hostname : undefined)
  return { ...cluster, server, ...(tlsServerName === undefined ? {} : { tlsServerName }) }
}

function configuredTarget(options: AccessOptions): Target {
  const files = kubeconfigFiles(options)
  if (files.length > 0 || options.context !== undefined) {
    return contextTarget(mergeConfigs(files), options.context)
  }
  const target = inClusterTarget(options.env)
  if (target !== undefined) return target
  const hint = 'give --kubeconfig or set KUBECONFIG'
  const named = options.env['KUBECONFIG'] ?? ''
  if (named !== '') throw problem('io', `KUBECONFIG is "${named}", and no such file exists`, hint)
  throw problem('io', 'no kubeconfig was found, and this is not a pod of a cluster', hint)
}

function problem(code: 'io' | 'usage', message: string, hint?: string): ProblemError {
  return new ProblemError(code, message, code === 'io' ? { object: 'kubeconfig' } : {}, hint)
}

/** The service account that Kubernetes mounts into each pod; undefined outside of one. */
function inClusterTarget(env: AccessOptions['env'], folder = SERVICE_ACCOUNT): Target | undefined {
  const host = env['KUBERNETES_SERVICE_HOST']
  const port = env['KUBERNETES_SERVICE_PORT']
  const tokenFile = join(folder, 'token')
  if (!host || !port || !existsSync(tokenFile)) return undefined
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const namespaceFile = join(folder, 'namespace')
  const namespace = existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : ''
  return {
    cluster: { name: 'in-cluster', server, caFile: join(folder, 'ca.crt'), skipTLSVerify: false },
    user: { name: 'in-cluster', tokenFile },
    namespace: namespace || 'default',
  }
}

/** An entry of a kubeconfig with the folder that its relative paths start from. */
interface Entry {
  readonly data: JsonObject
  readonly folder: string
}

interface Merged {
  current: string
  readonly clusters: Map<string, Entry>
  readonly users: Map<string, Entry>
  readonly contexts: Map<string, Entry>
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
}

function readConfig(file: string): JsonObject {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw problem('io', `cannot read "${file}": ${own(REASONS, code) ?? message}`)
  }
  let data: Json
  try {
    data = parseYaml(text)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ProblemError('invalid-yaml', error.message, { ...error.where, file })
  }
  if (data === null) return {}
  if (!isObject(data)) throw problem('io', `"${file}" holds no object, expected kind Config`)
  return data
}

function mergeConfigs(files: readonly string[]): Merged {
  const merged: Merged = { current: '', clusters: new Map(), users: new Map(), contexts: new Map() }
  for (const file of files) {
    const data = readConfig(file)
    const folder = dirname(file)
    merged.current ||= textOf(data, 'current-context') ?? ''
    const lists = [
      [merged.clusters, 'clusters', 'cluster'],
      [merged.users, 'users', 'user'],
      [merged.contexts, 'contexts', 'context'],
    ] as const
    for (const [map, plural, key] of lists) {
      const list = own(data, plural)
      for (const item of Array.isArray(list) ? list : []) {
        const name = textOf(item, 'name')
        const value = isObject(item) ? own(item, key) : undefined
        if (name === undefined || map.has(name)) continue
        map.set(name, { data: isObject(value) ? value : {}, folder })
      }
    }
  }
  return merged
}

function contextTarget(merged: Merged, wanted: string | undefined): Target {
  const name = wanted ?? merged.current
  if (name === '') throw problem('usage', 'the kubeconfig has no current context', 'give --context')
  const context = merged.contexts.get(name)
  if (context === undefined) {
    const known = [...merged.contexts.keys()].join(', ') || 'none'
    throw problem('usage', `context "${name}" is not in the kubeconfig, which has ${known}`)
  }
  const clusterName = textOf(context.data, 'cluster') ?? ''
  const cluster = merged.clusters.get(clusterName)
  if (cluster === undefined) {
    throw problem('io', `cluster "${clusterName}" of context "${name}" is not in it`)
  }
  const userName = textOf(context.data, 'user') ?? ''
  const user = merged.users.get(userName)
  if (user === undefined && userName !== '') {
    throw problem('io', `user "${userName}" of context "${name}" is not in it`)
  }
  return {
    cluster: clusterOf(clusterName, cluster),
    user: userOf(userName, user ?? { data: {}, folder: '.' }),
    namespace: textOf(context.data, 'namespace') || 'default',
  }
}

function clusterOf(name: string, { data, folder }: Entry): Cluster {
  const server = textOf(data, 'server') ?? ''
  if (!URL.canParse(server) || !/^https?:/.test(server)) {
    throw problem('io', `cluster "${name}": server is "${server}", expected an http or https address`)
  }
  return defined<Cluster>({
    name,
    server: server.replace(/\/+$/, ''),
    caData: textOf(data, 'certificate-authority-data'),
    caFile: pathAt(data, 'certificate-authority', folder),
    skipTLSVerify: own(data, 'insecure-skip-tls-verify') === true,
    tlsServerName: textOf(data, 'tls-server-name'),
    proxyUrl: textOf(data, 'proxy-url'),
  })
}

function userOf(name: string, { data, folder }: Entry): Login {
  const exec = own(data, 'exec')
  const provider = own(data, 'auth-provider')
  return defined<Login>({
    name,
    certData: textOf(data, 'client-certificate-data'),
    certFile: pathAt(data, 'client-certificate', folder),
    keyData: textOf(data, 'client-key-data'),
    keyFile: pathAt(data, 'client-key', folder),
    token: textOf(data, 'token'),
    tokenFile: pathAt(data, 'tokenFile', folder),
    username: textOf(data, 'username'),
    password: textOf(data, 'password'),
    exec: isObject(exec) ? execOf(exec, folder) : undefined,
    authProvider: isObject(provider) ? provider : undefined,
    impersonate: impersonationOf(data),
  })
}

/** A plugin beside the kubeconfig is found beside it, and is told what kubectl tells it. */
function execOf(exec: JsonObject, folder: string): JsonObject {
  const command = textOf(exec, 'command') ?? ''
  const info = {
    kind: 'ExecCredential',
    apiVersion: textOf(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
  }
  const env = own(exec, 'env')
  return {
    ...exec,
    command: command.includes('/') ? resolve(folder, command) : command,
    env: [...(Array.isArray(env) ? env : []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  }
}

function impersonationOf(data: JsonObject): Record<string, string | string[]> | undefined {
  const user = textOf(data, 'as')
  if (user === undefined) return undefined
  const headers: Record<string, string | string[]> = { 'Impersonate-User': user }
  const uid = textOf(data, 'as-uid')
  const groups = textsOf(own(data, 'as-groups'))
  if (uid !== undefined) headers['Impersonate-Uid'] = uid
  if (groups.length > 0) headers['Impersonate-Group'] = groups
  const extra = own(data, 'as-user-extra')
  for (const [key, values] of Object.entries(isObject(extra) ? extra : {})) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = textsOf(values)
  }
  return headers
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** Undefined for the empty text: both mean that nothing is set. */
function textOf(value: Json | undefined, key: string): string | undefined {
  const found = isObject(value) ? own(value, key) : undefined
  return typeof found === 'string' && found !== '' ? found : undefined
}

function pathAt(data: JsonObject, key: string, folder: string): string | undefined {
  const path = textOf(data, key)
  return path === undefined ? undefined : resolve(folder, path)
}

/** The record without its undefined fields. */
function defined<T>(record: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T
}
