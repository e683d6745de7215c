// The functions that templates of a revision may call: sprig's, then Istio's, which win where both have a name.

import type { InjectorEnv } from '../../api/mesh.ts'
import { atLeast, type Release } from '../../api/release.ts'
import type { FuncMap, TemplateFunc } from '../../gotemplate/func.ts'
import { variadic } from '../../gotemplate/sprig/go.ts'
import { SPRIG } from '../../gotemplate/sprig/sprig.ts'
import { jsonFuncs } from './funcs-json.ts'
import { OTEL_FUNCS, POD_FUNCS } from './funcs-pod.ts'
import { mergeMaps, textFuncs } from './funcs-text.ts'

/**
 * Contract §5.2 for a release (§16). `env` is the environment of the revision's injector, which template function `env`
 * reads; the process's own environment is out of reach.
 */
export function templateFuncs(env: InjectorEnv, release: Release): FuncMap {
  const istio: Record<string, TemplateFunc> = {
    ...textFuncs(env, release),
    ...jsonFuncs(release),
    ...POD_FUNCS,
    ...(atLeast(release, 21) ? { mergeMaps: variadic([], 'stringMap', mergeMaps) } : {}),
    ...(atLeast(release, 30) ? OTEL_FUNCS : {}),
  }
  return new Map([...SPRIG, ...Object.entries(istio)])
}
