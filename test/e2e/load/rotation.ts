// What becomes of the Secret of the certificates as the API server tells it: every new leaf, and the three steps by which
// a root is changed.

import type { CertificateSecret } from '../../../src/certs/policy.ts'
import type { ApiAccess } from '../../../src/kube/access.ts'
import { systemClock } from '../../../src/kube/clock.ts'
import { type Reflector, startReflector } from '../../../src/kube/reflector.ts'
import { RESOURCE } from '../../../src/kube/resource.ts'
import { readSecret } from '../../../src/reconcile/certs.ts'
import type { JsonObject } from '../../../src/std/json.ts'
import { SECRET } from '../faults/replicas.ts'

export interface Rotated {
  readonly leaves: number
  /** Roots that came into the bundle, signed the leaf from then on, and left the bundle. */
  readonly added: number
  readonly switched: number
  readonly dropped: number
}

const roots = ({ 'ca.crt': bundle = '' }: CertificateSecret): number =>
  bundle.split('-----BEGIN CERTIFICATE-----').length - 1

export class RotationWatch {
  private readonly reflector: Reflector<CertificateSecret>
  private last: CertificateSecret | undefined
  private rotated: Rotated = { leaves: 0, added: 0, switched: 0, dropped: 0 }

  constructor(access: ApiAccess) {
    this.reflector = startReflector({
      access,
      resource: RESOURCE.secret,
      namespace: SECRET.namespace,
      fieldSelector: `metadata.name=${SECRET.name}`,
      select: (raw) => this.take(raw),
      onChange: () => undefined,
      clock: systemClock,
      random: Math.random,
    })
  }

  /** Since the watch began. */
  get all(): Rotated {
    return this.rotated
  }

  stop(): void {
    this.reflector.stop()
  }

  /** A pair that is taken out of the Secret is no new one. */
  private take(raw: JsonObject): CertificateSecret {
    const next = readSecret(raw)
    const before = this.last ?? next
    this.last = next
    const isNew = (key: string): number =>
      Number(next[key] !== undefined && next[key] !== '' && next[key] !== before[key])
    const { leaves, added, switched, dropped } = this.rotated
    this.rotated = {
      leaves: leaves + isNew('tls.crt'),
      added: added + Number(roots(next) > roots(before)),
      switched: switched + isNew('root.crt'),
      dropped: dropped + Number(roots(next) < roots(before)),
    }
    return next
  }
}

/** How much there was between two looks. */
export function since(before: Rotated, now: Rotated): Rotated {
  return {
    leaves: now.leaves - before.leaves,
    added: now.added - before.added,
    switched: now.switched - before.switched,
    dropped: now.dropped - before.dropped,
  }
}
