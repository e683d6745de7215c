// Faults of a document that is well-formed YAML but no data: go-yaml finds them after it has read the whole document, in
// three rounds. Here they are noted while reading and the one that Go would tell is thrown at the end.

import type { YamlFault } from './token.ts'

/** Tags, merges, keys that are collections. */
export const DECODING = 0
/** Keys that are no text. */
export const KEYS = 1

export class Faults {
  private readonly kept: (YamlFault | undefined)[] = []

  /** Keeps the first fault of decoding, and the last of keys: a mapping has one null key, whose last value counts. */
  note(round: typeof DECODING | typeof KEYS, fault: YamlFault): void {
    if (round === KEYS) this.kept[round] = fault
    else this.kept[round] ??= fault
  }

  throwFirst(): void {
    const fault = this.kept[DECODING] ?? this.kept[KEYS]
    if (fault !== undefined) throw fault
  }
}
