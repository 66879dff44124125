/**
 * Shows whether the tests pass on every run and not only by luck.
 *
 * `npx -y pnpm@12 stress-tests --runs 10` runs the whole suite ten times and prints the tests that failed in any run.
 * During every second run, another process keeps one core busy. `npx -y pnpm@12 stress-start --runs 20` does the same
 * with `start --once` and the seeds 1 to 20. `--busy always` or `--busy never` changes when the core is busy. It
 * exits with 1 after any failure.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))
const directory = mkdtempSync(join(tmpdir(), "loan-engine-stress-"))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "10" },
    busy: { type: "string", default: "second" },
    loans: { type: "string", default: "500" },
  },
})
const [what = "tests", ...filters] = positionals

/** The outcome of one run. */
interface Run {
  readonly name: string
  readonly code: number | null
  readonly failures: ReadonlyArray<string>
  readonly summary: string
}

async function runToEnd(command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } })
  const written: Array<string> = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => written.push(text))
  }
  const [code] = await once(child, "close")
  return { code: typeof code === "number" ? code : null, lines: written.join("").trim().split("\n") }
}

interface Results {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>
  }>
}

/** The failures in a report of vitest. A file that could not be loaded counts as a failure. */
function failuresIn(report: string): ReadonlyArray<string> {
  const { testResults }: Results = JSON.parse(readFileSync(report, "utf8"))
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed")
    if (failed.length === 0 && status === "failed") return [`${name}: ${message}`]
    return failed.map(({ fullName }) => `${name}: ${fullName}`)
  })
}

async function runTests(number: number): Promise<Run> {
  const report = join(directory, `${number}.json`)
  const vitest = ["node_modules/vitest/vitest.mjs", "run", ...filters]
  const reporters = ["--reporter=json", "--reporter=./test/closing-line-reporter.ts"]
  const { code, lines } = await runToEnd(process.execPath, [
    ...vitest,
    ...reporters,
    `--outputFile.json=${report}`,
  ])
  const failures = failuresIn(report)
  const commands = lines.filter((line) => line.startsWith("To run it alone"))
  return {
    name: `run ${number}`,
    code,
    failures: [...failures, ...commands],
    summary: lines.find((line) => line.startsWith("Tests: ")) ?? "",
  }
}

async function runStart(number: number): Promise<Run> {
  const args = ["packages/app/src/main.ts", "start", "--once", "--loans", values.loans, "--seed", `${number}`]
  const { code, lines } = await runToEnd(process.execPath, args)
  const summary = lines.find((line) => line.startsWith("{")) ?? "no summary"
  const short = /"converged":\d+,"diverged":\d+/u.exec(summary)?.[0] ?? summary
  const name = `seed ${number}`
  return { name, code, failures: code === 0 ? [] : [`${name}: ${lines.at(-1)}`], summary: short }
}

const isBusy = (number: number): boolean =>
  values.busy === "second" ? number % 2 === 0 : values.busy === "always"

async function besideBusyCore<A>(isBeside: boolean, run: () => Promise<A>): Promise<A> {
  if (!isBeside) return run()
  const busy = spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" })
  try {
    return await run()
  } finally {
    busy.kill("SIGKILL")
  }
}

const kinds: Readonly<Record<string, (number: number) => Promise<Run>>> = { tests: runTests, start: runStart }
const run = kinds[what]
if (run === undefined) throw new Error(`There is nothing called ${what} to stress: tests or start.`)

const failed = new Map<string, number>()
let passes = 0
for (let number = 1; number <= Number(values.runs); number++) {
  const began = performance.now()
  const { name, code, failures, summary } = await besideBusyCore(isBusy(number), () => run(number))
  const seconds = Math.round((performance.now() - began) / 1_000)
  const beside = isBusy(number) ? "beside a busy core" : "at rest"
  process.stdout.write(`${name}, ${beside}: exit ${code}, ${seconds} s, ${summary}\n`)
  if (code === 0) passes++
  for (const failure of failures) process.stdout.write(`  ${failure}\n`)
  for (const failure of failures) failed.set(failure, (failed.get(failure) ?? 0) + 1)
}
for (const [failure, times] of failed) process.stdout.write(`failed ${times} times: ${failure}\n`)
process.stdout.write(`${passes} of ${values.runs} passed\n`)
rmSync(directory, { recursive: true })
process.exitCode = passes === Number(values.runs) ? 0 : 1
