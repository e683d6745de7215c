// Alerts and dashboard ask only for metrics and labels that exist: the registry is filled as a running webhook fills it,
// and what it exports is the truth. Every alert has its section in docs/operations.md.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { addClusterMetrics } from '../../src/telemetry/cluster-metrics.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const ROOT = join(import.meta.dirname, '../..')
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const MONITORING = 'manifests/helm/remora/monitoring'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: Record<string, string>
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly w: number }
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const rule = parseYaml(text(`${MONITORING}/prometheus-rule.yaml`)) as unknown as {
  spec: { groups: { rules: Alert[] }[] }
}
const alerts = rule.spec.groups.flatMap(({ rules }) => rules)
const { panels } = JSON.parse(text(`${MONITORING}/dashboard.json`)) as { panels: Panel[] }

/** Labels that the scrape adds. */
const SCRAPE_LABELS = ['pod', 'instance', 'namespace', 'job', 'le']

/** Name of each exported series (with `_bucket`, `_sum`, `_count`) → its labels. */
async function exported(): Promise<Map<string, Set<string>>> {
  const metrics = createMetrics(() => ({
    generation: 1,
    snapshotAgeSeconds: 1,
    configGood: { default: true },
    certificateSeconds: 1,
    certificateGood: true,
    connections: 1,
  }))
  metrics.started()
  metrics.finished({ revision: 'default', outcome: 'patched', reason: 'policy', seconds: 0.001 })
  metrics.connectionDropped('too-many-bytes')
  metrics.reloaded('settings', true)
  const cluster = addClusterMetrics(metrics.registry, () => ({
    leading: true,
    watches: [{ resource: 'nodes', silentMs: 1 }],
    bundles: [{ entry: 'namespace.rev.default.injector.remora.dev', ok: true }],
    conditions: ['deleted'],
  }))
  cluster.watchRestarted('nodes', 'closed')
  cluster.registered()
  cluster.certificateWritten()
  const series = new Map<string, Set<string>>()
  for (const line of (await metrics.text()).split('\n')) {
    const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === undefined) continue
    const known = series.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label)
    series.set(name, known)
  }
  metrics.close()
  return series
}

/** Metric names of a PromQL expression, each with the labels that its braces select by. */
function selectors(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b((?:remora|process|nodejs|sidecar)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', braces = '']) => ({
      name,
      labels: [...braces.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
    }),
  )
}

function groupings(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  )
}

async function problemsOf(expr: string, shown: string): Promise<string[]> {
  const series = await exported()
  const used = selectors(expr)
  if (used.length === 0) return [`no metric in ${expr}`]
  const known = new Set(SCRAPE_LABELS)
  const problems: string[] = []
  for (const { name, labels } of used) {
    const has = series.get(name)
    if (has === undefined) problems.push(`${name} is not exported`)
    for (const label of has ?? []) known.add(label)
    for (const label of labels) if (has?.has(label) === false) problems.push(`${name} has no label ${label}`)
  }
  const asked = [
    ...groupings(expr),
    ...[...shown.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, l = '']) => l),
  ]
  for (const label of asked) if (!known.has(label)) problems.push(`no metric has label ${label}: ${expr}`)
  const depth = [...expr].reduce((open, char) => open + (char === '(' ? 1 : char === ')' ? -1 : 0), 0)
  if (depth !== 0) problems.push(`parentheses do not match: ${expr}`)
  return problems
}

describe('alerts', () => {
  it.each(alerts.map((alert) => [alert.alert, alert] as const))('%s', async (name, alert) => {
    const shown = Object.values(alert.annotations).join(' ')
    expect(await problemsOf(alert.expr, shown)).toEqual([])
    expect(['critical', 'warning']).toContain(alert.labels.severity)
    expect(Object.keys(alert.annotations)).toEqual(['summary', 'description'])
    expect(text('docs/operations.md'), `docs/operations.md on ${name}`).toContain(`\`${name}\``)
  })

  it.each([
    ['no replica', /absent\(remora_snapshot_generation\)/],
    ['no snapshot', /\(remora_snapshot_generation\) == 0/],
    ['inputs that are not heard of any more', /remora_watch_staleness_seconds/],
    ['settings of a revision that are refused', /by \(revision\) \(remora_config_good\) == 0/],
    ['a certificate near its end', /remora_certificate_expiry_seconds\) < 14/],
    ['a certificate that is refused', /remora_certificate_good\) == 0/],
    ['a caBundle that does not fit', /remora_webhook_ca_bundle_match\) == 0/],
    ['two writers of one caBundle', /remora_registration_condition\{type="conflict"\}/],
    ['entries of Istio’s that came back', /remora_registration_condition\{type="contested"\}/],
    ['a webhook configuration that somebody deleted', /remora_registration_condition\{type="deleted"\}/],
    ['no leader', /remora_leader\) == 0/],
    ['a wrong answer of the fast path', /remora_fast_path_total\{result="mismatch"\}/],
  ])('are there for %s', (_, expr) => {
    expect(alerts.filter((alert) => expr.test(alert.expr))).toHaveLength(1)
  })

  it('have names of their own', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
  })
})

describe('dashboard', () => {
  const targets = panels.flatMap(({ title, targets: all }) => all.map((target) => [title, target] as const))

  it.each(targets)('%s', async (_title, { expr, legendFormat }) => {
    expect(await problemsOf(expr, legendFormat)).toEqual([])
  })

  it('has panels with ids of their own, within the width of the page', () => {
    expect(panels.length).toBeGreaterThan(10)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })
})

describe('metrics in docs/operations.md', () => {
  it('are all that remora exports, by name', async () => {
    const own = [...(await exported()).keys()]
      .filter((name) => /^(remora|sidecar)_/.test(name) && !/_(sum|count)$/.test(name))
      .map((name) => name.replace(/_bucket$/, ''))
    const documented = [...text('docs/operations.md').matchAll(/^\| `((?:remora|sidecar)_\w+)/gm)].map(
      ([, name]) => name,
    )
    expect(documented.toSorted()).toEqual([...new Set(own)].toSorted())
  })
})

describe('objects of the monitoring folder', () => {
  it('carry the labels of remora', () => {
    const files = readdirSync(join(ROOT, MONITORING)).filter((file) => file.endsWith('.yaml'))
    for (const file of files.filter((name) => name !== 'kustomization.yaml')) {
      const object = parseYaml(text(`${MONITORING}/${file}`)) as JsonObject
      expect(object, file).toMatchObject({
        metadata: { labels: { 'app.kubernetes.io/name': 'remora', 'app.kubernetes.io/part-of': 'remora' } },
      })
    }
  })
})
