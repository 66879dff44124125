import type { TestCase } from "vitest/node"
import { startVitest } from "vitest/node"
import type { ExhaustiveTotals, TestOutcome } from "./report.ts"

/** The parts of the suite that check the properties. */
const parts = [
  "test/proof/properties",
  "test/proof/exhaustive",
  "test/proof/canaries",
  "test/proof/dialects",
  "test/proof/quiet",
  "test/proof/simulation",
  "test/stores/crash",
  "test/engine/journal",
  "test/stores/sqlite",
  "test/whole/lives",
  // These check the values on both sides of each limit in time: the grace and the horizons.
  "test/engine/polling/grace",
  "test/engine/polling/dormancy",
]

export interface SuiteOptions {
  readonly seed: number
  readonly runs: number
  readonly simulations: number
  readonly kills: number
}

/** Runs the property suite more thoroughly than the usual tests, and collects the results of each test. */
export async function runSuite({ seed, runs, simulations, kills }: SuiteOptions): Promise<{
  readonly outcomes: ReadonlyArray<TestOutcome>
  readonly exhaustive: ExhaustiveTotals | undefined
}> {
  const env = {
    LOAN_ENGINE_PROPERTY_SEED: String(seed),
    LOAN_ENGINE_PROPERTY_RUNS: String(runs),
    LOAN_ENGINE_SIMULATION_SEEDS: String(simulations),
    LOAN_ENGINE_SIMULATION_FIRST_SEED: String(seed),
    LOAN_ENGINE_CRASH_KILLS: String(kills),
    LOAN_ENGINE_THOROUGH: "1",
  }
  const vitest = await startVitest("test", parts, {
    watch: false,
    reporters: ["dot"],
    env,
  })
  const modules = vitest.state.getTestModules()
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const outcomes = tests.map(outcomeOf)
  // A file that could not be loaded has no tests. It must not count as passed.
  const unloaded = modules.flatMap((module) =>
    module
      .errors()
      .map((error) => ({ ...nothingShown, file: module.relativeModuleId, errors: [error.message] })),
  )
  await vitest.close()
  return {
    outcomes: [...outcomes, ...unloaded],
    exhaustive: tests.map((test) => test.meta().exploration).find((found) => found !== undefined),
  }
}

const nothingShown: TestOutcome = {
  file: "",
  title: "(the file could not be loaded)",
  passed: false,
  errors: [],
  proofs: [],
  canary: undefined,
}

function outcomeOf(test: TestCase): TestOutcome {
  const { proofs, canary } = test.meta()
  const result = test.result()
  return {
    file: test.module.relativeModuleId,
    title: test.name,
    passed: result.state === "passed",
    errors: (result.errors ?? []).map(({ message }) => message),
    proofs: proofs ?? [],
    canary,
  }
}
