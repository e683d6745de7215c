// A bed with two revisions of Istio and remora, in which pods are created all the time.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RESOURCE } from '../../../src/kube/resource.ts'
import { type Bed, type BedOptions, startBed, TWO_REVISIONS } from '../../cluster/bed.ts'
import { remoraDoes } from '../../cluster/cli.ts'
import { until } from '../../cluster/wait.ts'
import { type Allowed, Load } from './load.ts'

const NAMESPACES: Readonly<Record<string, Record<string, string>>> = {
  'load-default': { 'istio-injection': 'enabled' },
  'load-revision': { 'istio.io/rev': '1-30-3' },
  'load-tag': { 'istio.io/rev': 'prod-stable' },
}

/** The revisions that pods of the load have. */
export const REVISIONS: Allowed = {
  'load-default': ['default'],
  'load-revision': ['1-30-3'],
  'load-tag': ['1-30-3'],
}

export interface LoadedBed {
  readonly folder: string
  readonly bed: Bed
  readonly load: Load
  stop(): Promise<void>
}

export interface LoadedBedOptions extends Pick<BedOptions, 'remoraArgs'> {
  readonly podsASecond: number
  readonly adopt: boolean
}

export async function startLoadedBed(options: LoadedBedOptions): Promise<LoadedBed> {
  const folder = mkdtempSync(join(tmpdir(), 'remora-load-'))
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const { remoraArgs = [], podsASecond, adopt } = options
  const bed = await startBed(folder, say, { istio: TWO_REVISIONS, remora: true, remoraArgs })
  for (const [name, labels] of Object.entries(NAMESPACES)) {
    await bed.client.create(RESOURCE.namespace, {}, { metadata: { name, labels } })
  }
  if (adopt) await remoraDoes(bed.plane.kubeconfig, ['adopt'])
  const load = new Load(bed.plane.kubeconfig, folder, podsASecond)
  await until('pods to be created', () => load.sum().sidecars.includes(1))
  const stop = async (): Promise<void> => {
    await load.stop()
    await bed.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, bed, load, stop }
}
