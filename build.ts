// Builds the shipped program: one bundle, dist/remora.mjs, with the built-in templates beside it.
// Everything is inlined but Node itself; lazily imported packages become chunks of their own, so that starting
// the webhook or a small command does not read the Kubernetes client.

import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { remora: 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  legalComments: 'linked',
  define: { 'process.env.REMORA_VERSION': JSON.stringify(version) },
  banner: {
    // CommonJS dependencies call require for Node's own modules.
    js: "#!/usr/bin/env node\nimport { createRequire as remoraRequire } from 'node:module'; const require = remoraRequire(import.meta.url);",
  },
})
cpSync('templates', 'dist/templates', { recursive: true })
chmodSync('dist/remora.mjs', 0o755)
