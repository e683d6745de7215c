// Changes of files are told once, whichever way they come.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileWatch, watchFiles } from '../../src/config/watch.ts'

let dir: string
let watching: FileWatch | undefined
let told = 0
let wake = (): void => undefined

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remora-watch-'))
  told = 0
})
afterEach(() => {
  watching?.close()
  rmSync(dir, { recursive: true, force: true })
})

function start(files: string[], pollMs = 60_000): void {
  watching = watchFiles({
    files: files.map((file) => join(dir, file)),
    debounceMs: 20,
    pollMs,
    onChange: () => {
      told++
      wake()
    },
  })
}

/** Runs `change` and waits until it is told. */
function toldAfter(change: () => void): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve
    change()
  })
}

describe('watchFiles', () => {
  it('tells of writing, replacing, removing and coming back, once for what comes together', async () => {
    writeFileSync(join(dir, 'a'), '1')
    start(['a', 'b'])
    await toldAfter(() => {
      writeFileSync(join(dir, 'a'), '22')
      writeFileSync(join(dir, 'b'), '1')
    })
    await toldAfter(() => {
      writeFileSync(join(dir, 'new'), '333')
      renameSync(join(dir, 'new'), join(dir, 'a'))
    })
    await toldAfter(() => rmSync(join(dir, 'a')))
    await toldAfter(() => writeFileSync(join(dir, 'a'), '1'))
    expect(told).toBe(4)
  })

  it('tells of a ConfigMap volume that is swapped by its symlink, again and again', async () => {
    const version = (name: string, text: string): void => {
      mkdirSync(join(dir, name))
      writeFileSync(join(dir, name, 'config'), text)
      symlinkSync(name, join(dir, '..data_tmp'))
      renameSync(join(dir, '..data_tmp'), join(dir, '..data'))
    }
    version('..v1', 'one')
    symlinkSync('..data/config', join(dir, 'config'))
    start(['config'])
    await toldAfter(() => version('..v2', 'two'))
    await toldAfter(() => version('..v3', 'six'))
    expect(told).toBe(2)
  })

  it('finds by polling what no event told', async () => {
    start(['sub/a'], 30)
    await toldAfter(() => {
      mkdirSync(join(dir, 'sub'))
      writeFileSync(join(dir, 'sub/a'), '1')
    })
    expect(told).toBe(1)
  })

  it('keeps quiet about other files and touches that change nothing', async () => {
    writeFileSync(join(dir, 'a'), '1')
    start(['a'])
    writeFileSync(join(dir, 'other'), 'x')
    await toldAfter(() => writeFileSync(join(dir, 'a'), '22'))
    expect(told).toBe(1)
  })
})
