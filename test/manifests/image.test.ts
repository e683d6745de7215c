// The Dockerfile by reading, since no container engine is at hand where tests run: what it copies exists and reaches the
// build, the image holds the bundle alone, and runs it as a user that is not root.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

interface Instruction {
  readonly name: string
  readonly words: readonly string[]
}

/** The instructions of each stage, continued lines joined. */
function stages(): Instruction[][] {
  const lines = text('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const found: Instruction[][] = []
  for (const line of lines) {
    const [name = '', ...words] = line.trim().split(/\s+/)
    if (name === 'FROM') found.push([])
    found.at(-1)?.push({ name, words })
  }
  return found
}

const [build = [], image = []] = stages()
const wordsOf = (stage: Instruction[], name: string): (readonly string[])[] =>
  stage.filter((instruction) => instruction.name === name).map(({ words }) => words)

const fromContext = [...build, ...image].filter(
  ({ name, words }) => name === 'COPY' && words[0]?.startsWith('--from=') !== true,
)
const sources = fromContext.flatMap(({ words }) => words.slice(0, -1))

describe('the Dockerfile', () => {
  it('has two stages, both on the Node that the project runs on', () => {
    expect(stages()).toHaveLength(2)
    const major = /"node": "(\d+)\./.exec(text('package.json'))?.[1]
    expect(build[0]?.words[0]).toMatch(new RegExp(`^node:${major}-`))
    expect(image[0]?.words[0]).toMatch(new RegExp(`^gcr.io/distroless/nodejs${major}-\\w+:nonroot$`))
  })

  it('copies what exists, and nothing that .dockerignore keeps out', () => {
    expect(sources.length).toBeGreaterThan(5)
    const allowed = text('.dockerignore').split('\n')
    expect(allowed).toContain('*')
    for (const source of sources) {
      expect(existsSync(join(ROOT, source)), source).toBe(true)
      expect(allowed, source).toContain(`!${source}`)
    }
    const names = allowed.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    expect(names.filter((name) => !sources.includes(name))).toEqual([])
  })

  it('installs exactly what is locked, without install scripts', () => {
    expect(wordsOf(build, 'RUN').map((words) => words.join(' '))).toEqual([
      'npm ci --ignore-scripts',
      'node build.ts',
    ])
  })

  it('puts only the bundle and the licence into the image, and starts the bundle', () => {
    expect(wordsOf(image, 'COPY')).toEqual([
      ['LICENSE', '/app/'],
      ['--from=build', '/src/dist', '/app'],
    ])
    expect(wordsOf(image, 'RUN')).toEqual([])
    const entry = JSON.parse(wordsOf(image, 'ENTRYPOINT')[0]?.join(' ') ?? '[]') as string[]
    expect(entry.filter((word) => !word.startsWith('--'))).toEqual(['/nodejs/bin/node', '/app/remora.mjs'])
    const flags = entry.filter((word) => word.startsWith('--'))
    const { status, stderr } = spawnSync(process.execPath, [...flags, '-e', '0'], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(text('package.json'))).toMatchObject({ bin: { remora: 'dist/remora.mjs' } })
  })

  it('runs as a numbered user that is not root', () => {
    const users = wordsOf(image, 'USER')
    expect(users).toHaveLength(1)
    expect(users[0]?.[0]).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })

  it('opens the default ports of the webhook', async () => {
    const { WEBHOOK_SETTINGS } = await import('../../src/config/webhook.ts')
    const ports = ['port', 'health-port'].map(
      (flag) => WEBHOOK_SETTINGS.find((setting) => setting.flag === flag)?.value,
    )
    expect(wordsOf(image, 'EXPOSE')[0]).toEqual(ports)
  })
})
