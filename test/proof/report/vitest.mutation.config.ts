import { defineConfig } from "vitest/config"

/**
 * The quick part of the domain's suite. Each of about a thousand mutants runs it, so the laws get few cases and one
 * seed.
 */
export default defineConfig({
  test: {
    include: [
      "packages/domain/test/**/*.test.ts",
      "test/proof/properties/**/*.test.ts",
      "test/docs/generated/lifecycle-svg.test.ts",
    ],
    env: { LOAN_ENGINE_PROPERTY_RUNS: "100", LOAN_ENGINE_PROPERTY_SEED: "1" },
  },
})
