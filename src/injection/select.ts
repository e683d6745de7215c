// Which templates a pod gets (contract §3.1): those its annotation names, else the defaults, aliases resolved in one
// step. Names that no template has are found when it comes to rendering.

import type { Pod } from '../api/kube.ts'
import type { InjectConfig } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import { own } from '../std/json.ts'
import { trimSpace } from './gotext.ts'

export function selectTemplates(
  pod: Pod,
  config: Pick<InjectConfig, 'defaultTemplates' | 'aliases'>,
): readonly string[] {
  const wanted = own(pod.metadata.annotations ?? {}, ANNOTATION.templates)
  const names = wanted === undefined ? config.defaultTemplates : wanted.split(',').map(trimSpace)
  if (names.every((name) => own(config.aliases, name) === undefined)) return names
  return names.flatMap((name) => own(config.aliases, name) ?? [name])
}
