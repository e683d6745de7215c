// The version of this program.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The bundle carries its version as a constant that takes the place of this variable; sources read package.json. */
export function version(): string {
  const built = process.env.REMORA_VERSION
  if (built !== undefined && built !== '') return built
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
