import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { stateMsMax, testMsMax } from "../patience.ts"

/** Tests that need programs which npm does not have. Each file names the Debian package. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/field/*.field.ts", "test/stores/postgres/commands.test.ts"],
    // Verifies and replays so often beside engines that write. The other tests do it a few times.
    env: { LOAN_ENGINE_MOMENT_CHECKS: "50" },
    globalSetup: fileURLToPath(new URL("../global-setup.ts", import.meta.url)),
    testTimeout: testMsMax,
    hookTimeout: testMsMax,
    teardownTimeout: stateMsMax,
    expect: { poll: { timeout: stateMsMax, interval: 20 } },
    maxWorkers: 1,
  },
})
