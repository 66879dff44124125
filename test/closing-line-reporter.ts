import type { Reporter, TestModule } from "vitest/node"

/**
 * Prints a command for each failed test, which runs this test alone with the same seed. The last line is always `N
 * passed, N failed, N skipped`, for scripts. With `LOAN_ENGINE_TEST_TIMES=1` it also lists the slowest files.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const failed: Array<string> = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        count[state]++
        if (state === "failed") failed.push(commandFor(module.relativeModuleId, test.fullName))
      }
      if (module.state() !== "failed" || module.errors().length === 0) continue
      count.failed++
      failed.push(commandFor(module.relativeModuleId))
    }
    if (process.env["LOAN_ENGINE_TEST_TIMES"] === "1") process.stdout.write(dearest(modules))
    const commands = failed.map((command) => `\nTo run it alone: ${command}`).join("")
    process.stdout.write(
      `${commands}\nTests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
    )
  }
}

const dearestMax = 10

/** The slowest files, with their times in seconds. */
function dearest(modules: ReadonlyArray<TestModule>): string {
  const times = modules.map((module) => ({ file: module.relativeModuleId, ms: module.diagnostic().duration }))
  const longest = times.toSorted((one, other) => other.ms - one.ms).slice(0, dearestMax)
  return longest.map(({ file, ms }) => `\n${(ms / 1_000).toFixed(0).padStart(4)} s ${file}`).join("")
}

/** `-t` takes a regular expression. It is compared with the titles of the test and of all groups around it. */
function commandFor(file: string, fullName?: string): string {
  const seed = `LOAN_ENGINE_PROPERTY_SEED=${process.env["LOAN_ENGINE_PROPERTY_SEED"]}`
  const command = `${seed} npx -y pnpm@12 test ${file}`
  if (fullName === undefined) return command
  const pattern = fullName.replaceAll(/[^\p{L}\p{N} ,:;-]/gu, ".")
  return `${command} -t '${pattern}'`
}
