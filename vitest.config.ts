import { defineConfig } from "vitest/config"
import { stateMsMax, testMsMax } from "./test/patience.ts"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./test/closing-line-reporter.ts"],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    teardownTimeout: stateMsMax,
    expect: { poll: { timeout: stateMsMax, interval: 20 } },
    // A generated file that is missing fails its check, as one that differs does; `-u` writes it.
    update: "none",
    // Much of the time goes to waiting for processes, disks and servers, so three files fit on two cores.
    maxWorkers: 3,
  },
})
