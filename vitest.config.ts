import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { stateMsMax, testMsMax } from "./test/patience.ts"

// One seed for the whole run, drawn again for each unless it is set; every file's process inherits it, and a failure
// prints it.
process.env["LOAN_ENGINE_PROPERTY_SEED"] ||= String(Date.now() % 0x7fff_ffff)
// Spares the processes compiling the same dependencies again.
process.env["NODE_COMPILE_CACHE"] ||= fileURLToPath(
  new URL("test/node_modules/.cache/compiled/", import.meta.url),
)

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    // One process runs many files, and loads what they share once: nothing in a module that they share belongs to one
    // of them.
    isolate: false,
    globalSetup: fileURLToPath(new URL("test/global-setup.ts", import.meta.url)),
    setupFiles: fileURLToPath(new URL("test/property-seed.ts", import.meta.url)),
    reporters: ["default", "./test/closing-line-reporter.ts"],
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    teardownTimeout: stateMsMax,
    // A failure shows what was found, in every report.
    chaiConfig: { truncateThreshold: 10_000 },
    expect: { poll: { timeout: stateMsMax, interval: 20 } },
    // A generated file that is missing fails its check, as one that differs does; `-u` writes it.
    update: "none",
    // Much of the time goes to waiting for processes, disks and servers, so three files fit on two cores.
    maxWorkers: 3,
  },
})
