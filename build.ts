// Builds the shipped program: one bundle, dist/remora.mjs, with the built-in templates beside it; `node build.ts FOLDER`
// builds it in an empty folder instead.
// Everything is inlined but Node itself; lazily imported packages become chunks of their own, so that starting
// the webhook or a small command does not read the Kubernetes client.

import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version

const [outdir = 'dist'] = process.argv.slice(2)
if (outdir === 'dist') rmSync(outdir, { recursive: true, force: true })
else if (existsSync(outdir) && readdirSync(outdir).length > 0) throw new Error(`${outdir} is not empty`)
await build({
  entryPoints: { remora: 'src/main.ts' },
  outdir,
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
  // Fastify loads these when schemas, a logger of its own or requests without a socket are asked for; nothing here does.
  external: ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'pino', 'light-my-request'],
  define: { 'process.env.REMORA_VERSION': JSON.stringify(version) },
  banner: {
    // CommonJS dependencies call require for Node's own modules.
    js: "#!/usr/bin/env node\nimport { createRequire as remoraRequire } from 'node:module'; const require = remoraRequire(import.meta.url);",
  },
})
cpSync('templates', join(outdir, 'templates'), { recursive: true })
chmodSync(join(outdir, 'remora.mjs'), 0o755)
