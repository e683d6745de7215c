// Every script of this folder goes as it says. UPDATE=1 writes down how it went; refused where CI is set.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseScript, replay } from './script.ts'

const update = process.env['UPDATE'] === '1'
const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'))

describe('scripts', () => {
  it('are not rewritten by a CI run', () => {
    expect(update && (process.env['CI'] ?? '') !== '').toBe(false)
  })

  it.each(scripts)('%s', async (name) => {
    const path = join(import.meta.dirname, name)
    const text = readFileSync(path, 'utf8')
    const folder = mkdtempSync(join(tmpdir(), 'remora-script-'))
    try {
      const went = await replay(parseScript(text), folder)
      if (update && went !== text) writeFileSync(path, went)
      else expect(went).toBe(text)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
