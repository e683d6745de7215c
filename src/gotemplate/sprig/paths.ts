// Slash-separated paths (Go's path package; path/filepath is the same on Linux).

import type { TemplateFunc } from '../func.ts'
import { ofText } from './go.ts'

/** path.Clean: the shortest path that names the same file. */
function clean(path: string): string {
  const rooted = path.startsWith('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!rooted) kept.push('..')
  }
  const result = kept.join('/')
  return rooted ? `/${result}` : result === '' ? '.' : result
}

/** path.Base: the last element; trailing slashes do not count. */
function base(path: string): string {
  if (path === '') return '.'
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return end === 0 ? '/' : path.slice(path.lastIndexOf('/', end - 1) + 1, end)
}

/** path.Dir: all but the last element, cleaned. */
function dir(path: string): string {
  return clean(path.slice(0, path.lastIndexOf('/') + 1))
}

/** path.Ext: from the last dot of the last element on. */
function ext(path: string): string {
  const dot = path.lastIndexOf('.')
  return dot > path.lastIndexOf('/') ? path.slice(dot) : ''
}

const BASE = ofText(1, base)
const CLEAN = ofText(1, clean)
const DIR = ofText(1, dir)
const EXT = ofText(1, ext)
const IS_ABS = ofText(1, (path) => path.startsWith('/'))

export const PATH_FUNCS: Record<string, TemplateFunc> = {
  base: BASE,
  clean: CLEAN,
  dir: DIR,
  ext: EXT,
  isAbs: IS_ABS,
  osBase: BASE,
  osClean: CLEAN,
  osDir: DIR,
  osExt: EXT,
  osIsAbs: IS_ABS,
}
