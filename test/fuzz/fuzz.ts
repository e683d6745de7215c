// `node test/fuzz/fuzz.ts [--cases N] [--seed S]`: fuzzed bodies, reviews and pods against a webhook in a process of
// its own. Prints each failing case with the seed that makes it again; last line `N passed, N failed`.

import { parseArgs } from 'node:util'
import { startChild } from '../server/child.ts'
import { runFuzz } from './run.ts'

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string' } },
  })
  const cases = Number(values.cases)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
    process.stderr.write('error: --cases and --seed are whole numbers\n')
    return 2
  }
  process.stdout.write(`seed ${seed}\n`)
  const child = await startChild(['--log-level', 'off', '--drain', '0s'])
  const started = performance.now()
  const report = await runFuzz(child, {
    cases,
    seed,
    connections: 16,
    timeoutMs: 10_000,
    onProgress: (done) => {
      if (done % 10_000 === 0) process.stdout.write(`${done} of ${cases}\n`)
    },
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  for (const { seed: failing, request, problem } of report.failures) {
    process.stdout.write(`--seed ${failing} --cases 1: ${problem}\n  ${request.method} ${request.path}\n`)
    process.stdout.write(`  ${request.body.toString('utf8').slice(0, 2000)}\n`)
  }
  child.process.kill('SIGTERM')
  const code = await child.ended
  const ended = code === 0 ? 0 : 1
  if (code !== 0) process.stdout.write(`the webhook ended with ${code}\n${child.log.slice(-20).join('\n')}\n`)
  await child.dispose()
  const counts = Object.entries(report.kinds).toSorted(([a], [b]) => a.localeCompare(b))
  process.stdout.write(`${seconds} s; ${counts.map(([kind, count]) => `${kind} ${count}`).join(', ')}\n`)
  process.stdout.write(`${report.passed} passed, ${report.failures.length + ended} failed\n`)
  return report.failures.length + ended === 0 ? 0 : 1
}

process.exitCode = await main()
