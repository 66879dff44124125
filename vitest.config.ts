import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { stateMsMax, testMsMax } from "./test/patience.ts"

// One seed for the whole run, drawn again for each unless it is set; every file's process inherits it, and a failure prints it.
process.env["LOAN_ENGINE_PROPERTY_SEED"] ||= String(Date.now() % 0x7fff_ffff)
// Spares each file's process compiling the same dependencies again.
process.env["NODE_COMPILE_CACHE"] ||= fileURLToPath(
  new URL("test/node_modules/.cache/compiled/", import.meta.url),
)

export default defineConfig({
  test: {
    projects: [
      // They keep nothing of their own between two files, so one process may run many.
      {
        extends: true,
        test: { name: "packages", include: ["packages/*/test/**/*.test.ts"], isolate: false },
      },
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"] } },
    ],
    globalSetup: fileURLToPath(new URL("test/global-setup.ts", import.meta.url)),
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
