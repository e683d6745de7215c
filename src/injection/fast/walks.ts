// Which pods are worth a walk down the tree. Where no two pods of a namespace go the same way through a template, each walk
// would be in vain, and cost a part of what rendering costs: after many of those in a row, only some of its pods are walked for.

const IN_VAIN = 64
/** One pod in so many is walked for then. */
const ONE_IN = 8
const MAX_NAMESPACES = 1024

export class Walks {
  /** Pods in a row that no walk led anywhere for, by namespace. */
  private readonly inVain = new Map<string, number>()

  /** Counts the pod at hand as one in vain, until `found` says otherwise; whether to walk for it. */
  begin(namespace: string): boolean {
    const before = this.inVain.get(namespace) ?? 0
    if (before === 0 && this.inVain.size >= MAX_NAMESPACES) this.inVain.clear()
    this.inVain.set(namespace, before + 1)
    return before < IN_VAIN || before % ONE_IN === 0
  }

  found(namespace: string): void {
    this.inVain.delete(namespace)
  }
}
