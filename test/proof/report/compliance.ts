import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { arch, cpus, release, type } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { mutationRun } from "./mutation.ts"
import { page } from "./page.ts"
import type { Report, RunIdentity } from "./report.ts"
import { makeReport } from "./report.ts"
import { runSuite } from "./suite.ts"

const usage = `pnpm compliance [--seed N] [--runs N] [--simulations N] [--kills N] [--mutation] [--out DIR]

Checks everything that must always hold and writes DIR/index.html and DIR/report.json.
  --seed N         repeat the run of that seed; without it, one is drawn
  --runs N         random cases for each law (default 10000)
  --simulations N  seeds of the whole-system simulation, at each level of faults (default 10)
  --kills N        times a real engine process is killed under load (default 50)
  --mutation       also change the domain's code in small ways, and see whether its tests notice (some minutes)
  --out DIR        default compliance-report
Exit code 0 if all of it holds, 1 if anything does not, 2 for a wrong option.
`

const options = {
  seed: { type: "string" },
  runs: { type: "string", default: "10000" },
  simulations: { type: "string", default: "10" },
  kills: { type: "string", default: "50" },
  mutation: { type: "boolean", default: false },
  out: { type: "string", default: "compliance-report" },
  help: { type: "boolean", default: false },
} as const

function wrongUse(message: string): never {
  process.stderr.write(`${message}\n\n${usage}`)
  process.exit(2)
}

function parsed() {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return wrongUse(error instanceof Error ? error.message : String(error))
  }
}

const seedMax = 0x7fff_ffff

function whole(name: string, text: string, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  return wrongUse(`--${name} must be a whole number from 1 to ${max}, not ${JSON.stringify(text)}.`)
}

const values = parsed()
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const seed = values.seed === undefined ? (Date.now() % seedMax) + 1 : whole("seed", values.seed, seedMax)
const runs = whole("runs", values.runs, 10_000_000)
const simulations = whole("simulations", values.simulations, 100_000)
const kills = whole("kills", values.kills, 100_000)

process.stdout.write(`Checking what must always hold; seed ${seed}. This takes some minutes.\n`)
const begun = performance.now()
const { outcomes, exhaustive } = await runSuite({ seed, runs, simulations, kills })
const mutation = values.mutation ? mutationRun() : null
const report = makeReport(identity(), outcomes, exhaustive, mutation, performance.now() - begun)
mkdirSync(values.out, { recursive: true })
writeFileSync(join(values.out, "report.json"), `${JSON.stringify(report, null, 2)}\n`)
writeFileSync(join(values.out, "index.html"), page(report))
process.stdout.write(summary(report))
process.exit(report.result === "passed" ? 0 : 1)

function identity(): RunIdentity {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string }
  const asked = [
    `--seed ${seed}`,
    `--runs ${runs}`,
    `--simulations ${simulations}`,
    `--kills ${kills}`,
    ...(values.mutation ? ["--mutation"] : []),
  ]
  return {
    version,
    commit: commit(),
    date: new Date().toISOString(),
    seed,
    platform: `Node ${process.version}, ${type()} ${release()} ${arch()}, ${cpus().length} cores`,
    command: `npx -y pnpm@12 compliance ${asked.join(" ")}`,
  }
}

/** The commit that was checked, and whether the working tree differs from this commit. */
function commit(): string {
  const git = (...args: ReadonlyArray<string>): string =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== ""
    return `${git("rev-parse", "HEAD")}${changed ? " with uncommitted changes" : ""}`
  } catch {
    return "unknown (no git repository)"
  }
}

function summary({
  result,
  properties,
  exhaustive: totals,
  canaries,
  mutation: mutated,
  failures,
  tookMs,
}: Report): string {
  const cases = properties.map(
    ({ id, result: held, cases: tried }) => `  ${id} ${held}, ${tried.toLocaleString("en")} cases`,
  )
  const killed = canaries.filter(({ killedBy }) => killedBy.length > 0).length
  return [
    ...failures.map((failure) => `\n${failure}\n`),
    ...cases,
    `  ${totals.snapshots.toLocaleString("en")} snapshots, ${totals.steps.toLocaleString("en")} steps, ${totals.illegalReached} illegal`,
    `  ${killed} of ${canaries.length} canaries noticed`,
    ...(mutated === null ? [] : [`  mutation score ${mutated.score} %`]),
    `${result === "passed" ? "Passed" : "Failed"} in ${(tookMs / 1_000).toFixed(0)} s; see ${join(values.out, "index.html")}`,
    "",
  ].join("\n")
}
