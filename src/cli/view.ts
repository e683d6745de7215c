// What the injector knows of its cluster, read from objects: Namespaces, Nodes, ProxyConfigs. Objects come from files
// or from the API server; what is not such an object yields undefined.

import type { ClusterView, NamespaceInfo, NodeVersion, ProxyConfigResource } from '../api/mesh.ts'
import { namespaceInfo, nodeVersion } from '../mesh/cluster-objects.ts'
import { readProxyConfigResource } from '../mesh/proxyconfig-resource.ts'
import { isObject, type Json, own, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { parseDocumentText, readSources, splitSource } from './documents.ts'
import type { Io } from './io.ts'

const textAt = (value: Json | undefined, key: string): string => {
  const found = isObject(value) ? own(value, key) : undefined
  return typeof found === 'string' ? found : ''
}

/** Objects of a document, Lists taken apart. */
export function objectsOf(data: Json): Json[] {
  const items = isObject(data) && textAt(data, 'kind').endsWith('List') ? own(data, 'items') : undefined
  if (Array.isArray(items)) return items.flatMap(objectsOf)
  return data === null ? [] : [data]
}

/** The view that files give: Namespaces and ProxyConfigs, Nodes. There is access to a cluster where any is given. */
export async function viewFromFiles(
  io: Io,
  namespaceFiles: readonly string[],
  nodeFiles: readonly string[],
): Promise<ClusterView> {
  const namespaces: Record<string, NamespaceInfo> = {}
  const proxyConfigs: ProxyConfigResource[] = []
  const nodes: NodeVersion[] = []
  for (const { object, file } of await readObjects(io, [...namespaceFiles, ...nodeFiles])) {
    const kind = textAt(object, 'kind')
    const namespace = kind === 'Namespace' ? namespaceInfo(object) : undefined
    const resource = readProxyConfigResource(object)
    const node = kind === 'Node' ? nodeVersion(object) : undefined
    if (namespace !== undefined) setOwn(namespaces, namespace.name, namespace)
    else if (resource !== undefined) proxyConfigs.push(resource)
    else if (node !== undefined) nodes.push(node)
    else {
      const found = kind === '' ? 'an object without kind' : `kind "${kind}"`
      const message = `expected named objects of kind Namespace, ProxyConfig or Node, found ${found}`
      throw new ProblemError('invalid-object', message, { file })
    }
  }
  const access = namespaceFiles.length + nodeFiles.length > 0
  return { access, id: 'Kubernetes', nodes, namespaces, proxyConfigs }
}

async function readObjects(io: Io, files: readonly string[]): Promise<{ object: Json; file: string }[]> {
  const sources = await readSources(io, files)
  return sources
    .flatMap(splitSource)
    .flatMap((document) =>
      objectsOf(parseDocumentText(document)).map((object) => ({ object, file: document.source.name })),
    )
}
