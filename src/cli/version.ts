// What this program is: its own version, the Node it runs on, and the newest Istio release whose rules it knows.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NEWEST } from '../api/release.ts'
import type { Io } from './io.ts'
import { type DataFormat, printData } from './output.ts'

/** The bundle carries its version as a constant that takes the place of this variable; sources read package.json. */
export function version(): string {
  const built = process.env.REMORA_VERSION
  if (built !== undefined && built !== '') return built
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export async function printVersion(io: Io, format: DataFormat): Promise<void> {
  const data = { version: version(), node: process.version, istio: `${NEWEST.major}.${NEWEST.minor}` }
  const text = `remora ${data.version}\nnode ${data.node}\nnewest Istio rules: ${data.istio}\n`
  await printData(io, format, data, text)
}
