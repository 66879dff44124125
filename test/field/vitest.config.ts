import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { stateMsMax, testMsMax } from "../patience.ts"

/** Tests that need programs which npm does not have. Each file names the Debian package. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/field/*.field.ts"],
    globalSetup: fileURLToPath(new URL("../global-setup.ts", import.meta.url)),
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    teardownTimeout: stateMsMax,
    expect: { poll: { timeout: stateMsMax, interval: 20 } },
    maxWorkers: 1,
  },
})
