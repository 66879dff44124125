import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./test/closing-line-reporter.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Much of the time goes to waiting for processes, disks and servers, so two files fit on two cores.
    maxWorkers: 2,
  },
})
