import { parseArgs } from "node:util"
import { chaosLevels } from "@loan-engine/app/sandbox/chaos"
import { asAssumed } from "./bank-life.ts"
import type { Departure } from "./bank-life.ts"
import { compareWithFixed, delayGoals } from "./comparison.ts"
import type { WorldSize } from "./comparison.ts"
import { cadenceTable, comparisonTable, delaysTable, scenarioTable, sharesTable } from "./poll-tables.ts"
import { simulatePolling } from "./poll-simulator.ts"

const usage = `node test/engine/polling/simulator/report.ts [--loans N] [--days N] [--seed S]

Lives through so many loans over so many days, polled as the engine does, and prints what it costs and how late our stage is:
under each chaos level, with callbacks lost at 0, 5, 20 and 100 %, and beside a fixed interval of equal cost.
`

/** The assumptions about the bank, and other possible assumptions. The goals must be reached in the first three. */
const departures: Readonly<Record<string, Departure>> = {
  "as assumed": asAssumed,
  "all delays halved": { ...asAssumed, delayScale: 0.5 },
  "all delays doubled": { ...asAssumed, delayScale: 2 },
  "half as many fall silent": { ...asAssumed, silenceScale: 0.5 },
  "nobody falls silent": { ...asAssumed, silenceScale: 0 },
  "twice as many fall silent": { ...asAssumed, silenceScale: 2 },
}
const lostShares = [0, 0.05, 0.2, 1]

const { values } = parseArgs({
  options: {
    loans: { type: "string", default: "100000" },
    days: { type: "string", default: "90" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean" },
  },
})
const size: WorldSize = { seed: values.seed, loans: Number(values.loans), days: Number(values.days) }
const isCount = (count: number): boolean => Number.isInteger(count) && count > 0
if (values.help === true || !isCount(size.loans) || !isCount(size.days)) {
  process.stderr.write(usage)
  process.exit(values.help === true ? 0 : 2)
}

const print = (text: string): void => void process.stdout.write(`${text}\n\n`)
print(`${size.loans} loans over ${size.days} days from seed ${size.seed}.`)
print(cadenceTable())
print(delaysTable())
print(sharesTable())
print(
  scenarioTable(
    chaosLevels.flatMap((chaos) =>
      lostShares.map((lostShare) => ({
        chaos,
        lostShare,
        figures: simulatePolling({ ...size, chaos, lostShare }),
      })),
    ),
  ),
)
print(
  `Every callback lost; the goal is a median ${delayGoals.median} x and a 95th percentile ${delayGoals.p95} x.`,
)
print(
  comparisonTable(
    Object.entries(departures).map(([assumption, departure]) => ({
      assumption,
      ...compareWithFixed(size, departure),
    })),
  ),
)
