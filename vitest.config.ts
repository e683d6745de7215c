import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    testTimeout: 120_000, // limits for what hangs, not measures: machines may be busy
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
