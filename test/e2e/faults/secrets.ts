// What can be wrong with the Secret of the certificates, each made from a good one, and what the replicas do about it.

import { issueAuthority, issueLeaf } from '../../../src/certs/issue.ts'
import { flawOfServing } from '../../../src/certs/policy.ts'
import { RESOURCE } from '../../../src/kube/resource.ts'
import type { Bed } from '../../cluster/bed.ts'
import type { Program } from '../../cluster/program.ts'
import { until } from '../../cluster/wait.ts'
import { ask, logOf, replicasOf, SECRET, secretOf } from './replicas.ts'

const HOUR = 3_600_000
const HOST = 'remora-injector.remora-system'
const NAMES = ['remora-injector', HOST, `${HOST}.svc`, `${HOST}.svc.cluster.local`]
type Texts = Readonly<Record<string, string>>

/** By what is wrong; undefined is no Secret at all. */
export async function badSecrets(good: Texts): Promise<Map<string, Texts | undefined>> {
  const now = Date.now()
  const root = { cert: good['root.crt'] ?? '', key: good['root.key'] ?? '' }
  const other = await issueAuthority(now)
  const leaf = async (...args: Parameters<typeof issueLeaf>): Promise<Texts> => {
    const { cert, key } = await issueLeaf(...args)
    return { ...good, 'tls.crt': cert, 'tls.key': key }
  }
  const cut = (key: string): string => (good[key] ?? '').slice(0, 200)
  return new Map<string, Texts | undefined>([
    ['expired', await leaf(root, NAMES, now - 20 * HOUR, HOUR)],
    ['not yet valid', await leaf(root, NAMES, now + 20 * HOUR, HOUR)],
    ['of a wrong name', await leaf(root, ['other.svc'], now)],
    ['of another authority', await leaf(other, NAMES, now)],
    ['with the key of another', { ...good, 'tls.key': other.key }],
    ['a truncated certificate', { ...good, 'tls.crt': cut('tls.crt') }],
    ['a truncated key', { ...good, 'tls.key': cut('tls.key') }],
    ['a bundle of garbage', { ...good, 'ca.crt': 'oops' }],
    ['garbage in every key', Object.fromEntries(Object.keys(good).map((key) => [key, '\u0000\uffff']))],
    ['empty', {}],
    ['deleted', undefined],
  ])
}

export interface SecretObserved {
  /** What each replica said of it. */
  readonly reasons: readonly (string | undefined)[]
  /** The answer of each replica to a caller that trusts what was trusted before. */
  readonly answers: readonly string[]
}

/** Puts a bad Secret in the place of the good one, and waits until it is refused by all and mended. */
export async function observeSecret(bed: Bed, texts: Texts | undefined): Promise<SecretObserved> {
  const before = replicasOf(bed).map((replica) => refusals(replica).length)
  const { 'ca.crt': ca = '' } = await secretOf(bed)
  if (texts === undefined) await bed.client.delete(RESOURCE.secret, SECRET)
  else await write(bed, texts)
  const answers = await Promise.all(replicasOf(bed).map((replica) => ask(replica, '/inject', ca)))
  const reasons = (): (string | undefined)[] =>
    replicasOf(bed).map((replica, index) => refusals(replica)[before[index] ?? 0])
  await until('every replica to refuse it', () => !reasons().includes(undefined), 10_000)
  await until(
    'it to be mended',
    async () => flawOfServing(await secretOf(bed), NAMES, Date.now()) === undefined,
    10_000,
  )
  return { reasons: reasons(), answers }
}

async function write({ client }: Bed, texts: Texts): Promise<void> {
  const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  const secret = await client.get(RESOURCE.secret, SECRET)
  await client.update(RESOURCE.secret, SECRET, { ...secret, data: Object.fromEntries(data) })
}

/** What a replica said about certificates that it did not take. */
function refusals(replica: Program): string[] {
  return logOf(replica).flatMap(({ message, problem }) =>
    message.startsWith('the newest certificate is refused') ? [String(problem)] : [],
  )
}
