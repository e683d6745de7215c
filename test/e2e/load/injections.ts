// How often each pod of the load was injected, by the logs of all processes that ever wrote into a folder.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { podNumber } from './load.ts'
import { Tail } from './tail.ts'

export class Injections {
  private readonly folder: string
  private readonly tails = new Map<string, Tail>()
  private readonly counts: number[] = []

  constructor(folder: string) {
    this.folder = folder
  }

  /** By number of the pod, as the logs have it now. */
  read(): readonly number[] {
    for (const file of readdirSync(this.folder).filter((name) => name.endsWith('.log'))) {
      const tail = this.tails.get(file) ?? new Tail(join(this.folder, file))
      this.tails.set(file, tail)
      for (const line of tail.lines()) {
        if (!line.includes('"outcome":"patched"')) continue
        const number = podNumber((JSON.parse(line) as { pod: string }).pod)
        if (number !== undefined) this.counts[number] = (this.counts[number] ?? 0) + 1
      }
    }
    return this.counts
  }
}
