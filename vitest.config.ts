import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    testTimeout: 120_000, // a limit for what hangs, not a measure: machines may be busy
    maxWorkers: 2,
  },
})
