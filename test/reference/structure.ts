// Odd values in every annotation, label and other place of a pod that reaches a template, with the unmodified settings
// of every release in the reference data: `node test/reference/structure.ts [--all] DIR`. Each template of the data is
// run in one of the settings folders that have it, another for each place; with every value under --all, else with a
// sixteenth of them, other ones for each release. Last line `N passed, N failed`.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseRelease } from '../../src/api/release.ts'
import { kubeInjectConfig } from '../../src/injection/kube-inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { isObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { HOSTILE, slotsOf } from '../generate/hostile.ts'
import { harmless, misbehaviour } from '../injection/guarded.ts'
import type { FileReport, Outcome } from './outcome.ts'
import { hasSettings, readTexts, revisionOf } from './settings.ts'
import { startSuite } from './suite.ts'

/** A template text of one release with the settings that have it under that name. */
interface Subject {
  readonly name: string
  readonly text: string
  readonly settings: RevisionSettings[]
}

function subjectsOf(dir: string): Subject[] {
  const release = parseRelease(dir.slice(dir.lastIndexOf('istio-') + 'istio-'.length))
  if (release === undefined) throw new Error(`no release in the name of ${dir}`)
  const found = new Map<string, Subject>()
  for (const folder of readdirSync(join(dir, 'settings')).map((name) => join(dir, 'settings', name))) {
    if (!hasSettings(folder)) continue
    const texts = readTexts(folder)
    const config = kubeInjectConfig(texts.config)
    const env = { ENABLE_NATIVE_SIDECARS: 'false' }
    const settings = revisionOf({ revision: 'default', release, env, ...texts, config })
    for (const [name, text] of templatesIn(config)) {
      const subject = found.get(`${name}\n${text}`) ?? { name, text, settings: [] }
      subject.settings.push(settings)
      found.set(`${name}\n${text}`, subject)
    }
  }
  return [...found.values()]
}

function templatesIn(config: string): [string, string][] {
  const read = parseYaml(config)
  const templates = isObject(read) && isObject(read['templates']) ? read['templates'] : {}
  return Object.entries(templates).map(([name, text]) => [name, String(text)])
}

const PARTS = 16
const PARTS_APART = 5

/** `part` of `of`: which of the values are run. */
interface Share {
  readonly part: number
  readonly of: number
}

function runSubject(subject: Subject, share: Share): Outcome[] {
  const outcomes: Outcome[] = []
  let count = 0
  for (const [index, slot] of slotsOf(subject.text).entries()) {
    const settings = subject.settings[index % subject.settings.length]
    const usual = settings && harmless(slot, settings, subject.name)
    if (settings === undefined || usual === undefined || !usual.matters) continue
    for (const value of HOSTILE) {
      count++
      if (count % share.of !== share.part) continue
      const id = `${subject.name}: ${slot.title} = ${JSON.stringify(value.slice(0, 60))}`
      const detail = misbehaviour(value, slot, usual, settings, subject.name)
      outcomes.push(detail === undefined ? { id, ok: true } : { id, ok: false, detail })
    }
  }
  return outcomes
}

/** All releases of a folder of reference data. */
function run(reference: string, all: boolean): FileReport[] {
  const releases = readdirSync(reference).filter((name) => name.startsWith('istio-'))
  return releases.map((name, index) => ({
    file: name,
    outcomes: subjectsOf(join(reference, name)).flatMap((subject) =>
      runSubject(subject, all ? { part: 0, of: 1 } : { part: (index * PARTS_APART) % PARTS, of: PARTS }),
    ),
  }))
}

startSuite(import.meta.filename, run)
