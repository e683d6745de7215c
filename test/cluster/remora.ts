// remora in a cluster: its manifests applied as users apply them, and for each pod of its Deployment a process with the
// arguments of the manifest and a token of the pod's own ServiceAccount from the TokenRequest API; never an administrator.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ApiAccess } from '../../src/kube/access.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { writeKubeconfig } from './control-plane-files.ts'
import { runOk } from './kubectl.ts'
import type { PlayedPod } from './kubelet.ts'
import { type Program, startProgram } from './program.ts'

export const REMORA_NAMESPACE = 'remora-system'
const MANIFESTS = resolve(import.meta.dirname, '../../manifests')
const TOKEN_SECONDS = 3600

/** `kubectl apply -k manifests`; throws with kubectl's words. */
export async function installRemora(kubectl: string, kubeconfig: string): Promise<void> {
  await runOk(kubectl, [`--kubeconfig=${kubeconfig}`, 'apply', '-k', MANIFESTS])
}

export class Remora {
  private readonly folder: string
  private readonly server: string
  private readonly client: Client
  /** Given to every process after the arguments of the manifest: the last one holds. */
  readonly extra: string[] = []

  constructor(access: ApiAccess, folder: string) {
    this.folder = folder
    this.server = access.server
    this.client = createClient(access)
    mkdirSync(folder, { recursive: true })
  }

  /** For the kubelet: the process that plays a pod of remora. */
  async start(pod: PlayedPod): Promise<Program | undefined> {
    if (pod.namespace !== REMORA_NAMESPACE || pod.labels['app.kubernetes.io/name'] !== 'remora')
      return undefined
    const token = join(this.folder, `${pod.name}.token`)
    const kubeconfig = join(this.folder, `${pod.name}.kubeconfig`)
    await this.writeToken(pod, token)
    writeKubeconfig(kubeconfig, this.server, { tokenFile: token })
    const here = ['--host=127.0.0.1', '--port=0', '--health-port=0', `--kubeconfig=${kubeconfig}`]
    const env = { ...pod.env, HOSTNAME: pod.name }
    const log = join(this.folder, `${pod.name}.log`)
    const program = startProgram({ args: [...pod.args, ...here, ...this.extra], env, log })
    const renewal = setInterval(
      () => void this.writeToken(pod, token).catch(() => undefined),
      (TOKEN_SECONDS * 1000) / 2,
    )
    void program.ended.then(() => clearInterval(renewal))
    return program
  }

  /** Bound to the pod, as that of a projected volume: it is worth nothing once the pod is gone. */
  private async writeToken({ namespace, account, name, uid }: PlayedPod, file: string): Promise<void> {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid }
    const spec = { expirationSeconds: TOKEN_SECONDS, boundObjectRef }
    const at = { namespace, name: account, subresource: 'token' }
    const { status } = await this.client.create(RESOURCE.serviceAccount, at, { spec })
    writeFileSync(`${file}.new`, String((status as { token: string }).token), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
}
