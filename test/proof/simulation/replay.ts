import { parseArgs } from "node:util"
import { engineCanaries } from "../canaries/engines.ts"
import type { FaultLevel } from "./mishaps/faults.ts"
import { faultRates } from "./mishaps/faults.ts"
import { simulate } from "./simulate.ts"

/**
 * Replays one simulation from its seed. Prints its events in order and then the report. Exits with 1 after a
 * violation. `--loan <reference>` limits the lines to one loan; `--quiet` prints only the report.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    loans: { type: "string", default: "40" },
    days: { type: "string", default: "20" },
    faults: { type: "string", default: "hell" },
    canary: { type: "string" },
    loan: { type: "string", default: "" },
    quiet: { type: "boolean", default: false },
  },
})

const isFaultLevel = (text: string): text is FaultLevel => Object.hasOwn(faultRates, text)
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const listen = (line: string): void => {
  if (line.includes(values.loan)) print(line)
}

const { seed, faults } = values
const canary = engineCanaries.find(({ name }) => name === values.canary)
if (!isFaultLevel(faults)) throw new Error(`--faults is one of ${Object.keys(faultRates).join(", ")}`)
if (values.canary !== undefined && canary === undefined) {
  throw new Error(`--canary is one of: ${engineCanaries.map(({ name }) => name).join(", ")}`)
}
const report = await simulate(
  {
    seed,
    loans: Number(values.loans),
    days: Number(values.days),
    faults,
    ...(canary === undefined ? {} : { canary }),
  },
  values.quiet ? undefined : listen,
)
print(JSON.stringify(report, undefined, 2))
print(`${Math.round((report.loanDays / report.wallMs) * 1_000)} loan-days per second`)
if (report.violations.length > 0) process.exitCode = 1
