import { defineConfig } from 'vitest/config'

// Tests against a real control plane: one after the other, because each starts its own.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 900_000, // the first run builds Kubernetes
    fileParallelism: false,
  },
})
