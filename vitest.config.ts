import { defineConfig } from 'vitest/config'
import { RUNS_FACTOR } from './test/runs.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    setupFiles: ['test/runs-setup.ts'],
    testTimeout: 120_000 * RUNS_FACTOR, // limits for what hangs, not measures: machines may be busy
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
