// Directives before a document, and the handles of tags that they declare: `%TAG !e! tag:example.org,2000:`.
// In: the scanner, standing before the document. Out: tags in their long form. Throws YamlFault.

import type { Scanner } from './scanner.ts'
import * as T from './token.ts'
import { parserFault, type Token } from './token.ts'

const DEFAULT_HANDLES: readonly (readonly [string, string])[] = [
  ['!', '!'],
  ['!!', 'tag:yaml.org,2002:'],
]

export class TagHandles {
  private handles: readonly (readonly [string, string])[] = DEFAULT_HANDLES

  /** Reads %YAML and %TAG directives; go-yaml takes no other version than 1.1. */
  read(scanner: Scanner): void {
    const seen: (readonly [string, string])[] = []
    let version = false
    for (;;) {
      const token = scanner.peek()
      if (token.kind === T.VERSION_DIRECTIVE) {
        if (version) throw parserFault('found duplicate %YAML directive', token)
        if (token.value !== '1.1') throw parserFault('found incompatible YAML document', token)
        version = true
      } else if (token.kind === T.TAG_DIRECTIVE) {
        if (seen.some(([handle]) => handle === token.value)) {
          throw parserFault('found duplicate %TAG directive', token)
        }
        seen.push([token.value, token.suffix])
      } else {
        break
      }
      scanner.skip()
    }
    this.handles = [...seen, ...DEFAULT_HANDLES]
  }

  /** The long form of a tag; `first` is the first token of the node's properties. */
  resolve(token: Token, first: Token): string {
    if (token.value === '') return token.suffix
    const handle = this.handles.find(([name]) => name === token.value)
    if (handle === undefined) throw parserFault('found undefined tag handle', first, token)
    return handle[1] + token.suffix
  }
}
