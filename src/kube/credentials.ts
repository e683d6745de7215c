// What to show the API server: TLS material and headers of a user. Files are read again every few seconds, so that a
// rotated token or certificate is used soon; a file that is gone for a moment keeps its last content.
// Plugins (exec, OIDC, cloud providers) are client-node's work; it is loaded only for them.

import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from './clock.ts'
import type { Target } from './kubeconfig.ts'

export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: false
}

export interface Credentials {
  readonly tls: TlsMaterial
  readonly headers: Readonly<Record<string, string | string[]>>
}

const FILE_MS = 10_000
/** A plugin is not asked more often than this for another credential, however often the last one is refused. */
const FORGET_MS = 10_000

export class CredentialSource {
  private readonly target: Target
  private readonly clock: Clock
  private readonly files = new Map<string, { text: string; readAt: number }>()
  private plugin: Promise<KubeConfig> | undefined
  private pluginCall: Promise<RequestOptions> | undefined
  private forgotAt: number

  constructor(target: Target, clock: Clock) {
    this.target = target
    this.clock = clock
    this.forgotAt = Number.NEGATIVE_INFINITY
  }

  /** The credentials of now. Rejects when a file cannot be read or a plugin fails. */
  async current(): Promise<Credentials> {
    const { cluster, user } = this.target
    const asked = usesPlugin(this.target) ? await this.askPlugin() : {}
    const ca = await this.pem(cluster.caFile, cluster.caData)
    const cert = textOf(asked.cert) ?? (await this.pem(user.certFile, user.certData))
    const key = textOf(asked.key) ?? (await this.pem(user.keyFile, user.keyData))
    return {
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
        ...(cluster.skipTLSVerify === true ? { rejectUnauthorized: false } : {}),
      },
      headers: { ...user.impersonate, ...(await this.authorization(asked)) },
    }
  }

  /** The server refused them: files and plugins are asked anew. False when that was done a moment ago. */
  forget(): boolean {
    if (this.clock.now() - this.forgotAt < FORGET_MS) return false
    this.forgotAt = this.clock.now()
    for (const file of this.files.values()) file.readAt = Number.NEGATIVE_INFINITY
    this.plugin = undefined
    this.pluginCall = undefined
    return true
  }

  /** Order of client-go: a token file, a token, what a plugin says, a password. */
  private async authorization(asked: RequestOptions): Promise<Record<string, string>> {
    const { token, tokenFile, username, password } = this.target.user
    if (tokenFile !== undefined) return bearer((await this.text(tokenFile)).trim())
    if (token !== undefined && token !== '') return bearer(token.trim())
    const headers = asked.headers as Record<string, string> | undefined
    const told = headers?.['Authorization']
    if (told !== undefined) return { Authorization: told }
    if (username === undefined || username === '') return {}
    return { Authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
  }

  /** One question at a time: calls that start together share the plugin's answer. */
  private askPlugin(): Promise<RequestOptions> {
    this.plugin ??= pluginConfig(this.target)
    const plugin = this.plugin
    this.pluginCall ??= plugin
      .then(async (config) => {
        const options: RequestOptions = {}
        await config.applyToHTTPSOptions(options)
        return options
      })
      .finally(() => {
        this.pluginCall = undefined
      })
    return this.pluginCall
  }

  private async pem(file: string | undefined, data: string | undefined): Promise<string | undefined> {
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
    return file === undefined ? undefined : this.text(file)
  }

  private async text(file: string): Promise<string> {
    const known = this.files.get(file)
    if (known !== undefined && this.clock.now() - known.readAt < FILE_MS) return known.text
    try {
      const text = await readFile(file, 'utf8')
      if (text === '' && known !== undefined) return known.text
      this.files.set(file, { text, readAt: this.clock.now() })
      return text
    } catch (error) {
      if (known === undefined) throw error
      return known.text
    }
  }
}

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` })

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined
}

function usesPlugin({ user }: Target): boolean {
  return user.exec !== undefined || user.authProvider !== undefined
}

/** Only the plugin: the connection is our own, so the cluster is a name. */
async function pluginConfig({ user }: Target): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const { exec, authProvider } = user
  config.loadFromClusterAndUser(
    { name: 'none', server: 'https://none.invalid', skipTLSVerify: false },
    {
      name: user.name,
      ...(exec === undefined ? {} : { exec }),
      ...(authProvider === undefined ? {} : { authProvider }),
    },
  )
  return config
}
