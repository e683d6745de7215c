// From the text of a template to something that runs, with the functions of one revision. All templates are named
// `inject`, which is the name in Istio's error texts.

import type { InjectorEnv } from '../api/mesh.ts'
import type { Release } from '../api/release.ts'
import { parseTemplate, type Template } from '../gotemplate/template.ts'
import { templateFuncs } from './template/funcs.ts'

const TEMPLATE_NAME = 'inject'

/** A compiler for the templates of a revision. It throws a TemplateError on a syntax error or an undefined function. */
export function templateCompiler(
  env: InjectorEnv,
  release: Release,
): (name: string, text: string) => Template {
  const funcs = templateFuncs(env, release)
  return (_, text) => parseTemplate(TEMPLATE_NAME, text, funcs)
}
