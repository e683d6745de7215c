// The image of the proxy, `.ProxyImage` in templates (contract §4.4): hub/name:tag, the tag adapted to the image type.

import type { InjectValues, Message } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { own } from '../std/json.ts'

const DEFAULT_NAME = 'proxyv2'
/** The type whose tag has no suffix. */
const PLAIN_TYPE = 'default'
const SUFFIX = /-(?:distroless|debug)$/

function typedTag(tag: string, type: string): string {
  if (type === '') return tag
  const plain = tag.replace(SUFFIX, '')
  return type === PLAIN_TYPE ? plain : `${plain}-${type}`
}

/** The image's type: the annotation, else a set `image` of the ProxyConfig (even an empty one), else the variant. */
function imageType(
  values: InjectValues,
  proxyConfig: Message,
  annotations: Readonly<Record<string, string>>,
  release: Release,
): string {
  const annotated = own(annotations, ANNOTATION.proxyImageType)
  if (annotated !== undefined) return annotated
  const image = proxyConfig['image'] as Message | undefined
  if (image !== undefined) return (image['imageType'] ?? '') as string
  return atLeast(release, 22) ? values.variant : ''
}

export function proxyImage(
  values: InjectValues,
  proxyConfig: Message,
  annotations: Readonly<Record<string, string>>,
  release: Release,
): string {
  const name = values.proxyImage === '' ? DEFAULT_NAME : values.proxyImage
  const tag = typedTag(values.tag, imageType(values, proxyConfig, annotations, release))
  return `${values.hub}/${name}:${tag}`
}
