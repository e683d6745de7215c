// A whole test cluster put together: control plane, network, Istio played in the revisions asked for, and remora if it is
// wanted. What runs in it is a pod of a Deployment, so that kubectl scales, restarts and deletes it as anywhere.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiAccess, loadAccess } from '../../src/kube/access.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { Balancer } from './balancer.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { Istio, installIstio } from './istio.ts'
import { Kubelet } from './kubelet.ts'
import { type Installation, releaseOf } from './objects.ts'
import { installRemora, REMORA_NAMESPACE, Remora } from './remora.ts'
import { until } from './wait.ts'

export interface BedOptions {
  readonly istio: readonly Installation[]
  readonly remora?: boolean
  /** Given to each replica after the arguments of the manifest. */
  readonly remoraArgs?: readonly string[]
  /** Told the id of every process as soon as it runs. */
  readonly onStart?: (pid: number) => void
}

export interface Bed {
  readonly plane: ControlPlane
  readonly access: ApiAccess
  readonly client: Client
  readonly balancer: Balancer
  readonly kubelet: Kubelet
  readonly istio: Istio
  readonly remora: Remora
  stop(): Promise<void>
}

/** Two revisions of different releases: one without a name, one with a tag. */
export const TWO_REVISIONS: readonly Installation[] = [
  { release: '1.27.9', revision: 'default' },
  { release: '1.30.3', revision: '1-30-3', tags: ['prod-stable'] },
]

/** Starts everything in `folder` and waits until pods can be injected. */
export async function startBed(
  folder: string,
  say: (line: string) => void,
  options: BedOptions,
): Promise<Bed> {
  mkdirSync(folder, { recursive: true })
  // Paths of sockets are short.
  const sockets = mkdtempSync(join(tmpdir(), 'remora-'))
  const network = join(sockets, 'net')
  const leaveAlone = ['istio-system', REMORA_NAMESPACE]
  const { onStart = () => undefined } = options
  const plane = await startControlPlane(join(folder, 'cluster'), say, { network, leaveAlone, onStart })
  const access = await loadAccess({ kubeconfig: plane.kubeconfig, env: {} })
  const istio = new Istio(access, join(folder, 'istio'))
  const remora = new Remora(access, join(folder, 'remora'))
  remora.extra.push(...(options.remoraArgs ?? []))
  const kubelet = new Kubelet({
    access,
    namespaces: leaveAlone,
    start: async (pod) => (await istio.start(pod)) ?? remora.start(pod),
    onStart,
  })
  const portOf = (address: string): number | undefined => kubelet.portOf(address)
  const balancer = await Balancer.start({ access, socket: network, portOf })
  const stop = async (): Promise<void> => {
    istio.stop()
    await Promise.all([kubelet.stop(), balancer.stop()])
    await plane.stop()
    rmSync(sockets, { recursive: true, force: true })
  }
  const bed: Bed = { plane, access, client: createClient(access), balancer, kubelet, istio, remora, stop }
  try {
    for (const installation of options.istio) {
      say(`installing Istio ${releaseOf(installation)}, revision ${installation.revision} …`)
      await installIstio(access, installation)
    }
    if (options.remora === true) {
      say('installing remora …')
      await installRemora(plane.binaries.kubectl, plane.kubeconfig)
    }
    await ready(bed, options)
  } catch (error) {
    await stop()
    throw error
  }
  return bed
}

async function ready({ balancer }: Bed, { istio, remora }: BedOptions): Promise<void> {
  for (const { revision } of istio) {
    const service = revision === 'default' ? 'istiod' : `istiod-${revision}`
    await until(`an endpoint of ${service}`, () => balancer.readyOf('istio-system', service).length > 0)
  }
  if (remora !== true) return
  const replicas = (): number => balancer.readyOf(REMORA_NAMESPACE, 'remora-injector').length
  await until('two ready replicas of remora', () => replicas() >= 2)
}
