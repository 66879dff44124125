import { mkdirSync, writeFileSync } from "node:fs"
import { arch, cpus, platform, totalmem } from "node:os"
import { parseArgs } from "node:util"
import type { Figure } from "./figure.ts"
import { reaches, roundsDefault } from "./figure.ts"
import { hostileFigures } from "./hostile.ts"
import { ingestFigures } from "./ingest.ts"
import { observeFigures } from "./observe.ts"
import { openLoansFigures } from "./open-loans.ts"
import { pgAlternativesFigures } from "./postgres/pg-alternatives.ts"
import { pgPollsFigures } from "./postgres/pg-polls.ts"
import { pgRecordFigures } from "./postgres/pg-record.ts"
import { pgScaleFigures } from "./postgres/pg-scale.ts"
import { pollingFigures } from "./polling.ts"
import { quietFigures } from "./quiet.ts"
import { readsFigures } from "./reads.ts"
import { recordFigures } from "./record.ts"
import { socketFigures } from "./sockets.ts"
import { xmlFigures } from "./xml.ts"

/** All figures, in groups. A group measures one part and gives one or more figures. */
const groups: Readonly<Record<string, (rounds: number, rowsMax: number) => Promise<ReadonlyArray<Figure>>>> =
  {
    observe: observeFigures,
    xml: xmlFigures,
    hostile: hostileFigures,
    sockets: socketFigures,
    record: recordFigures,
    ingest: ingestFigures,
    "open-loans": openLoansFigures,
    reads: readsFigures,
    quiet: quietFigures,
    polling: pollingFigures,
    "pg-record": pgRecordFigures,
    "pg-polls": pgPollsFigures,
    "pg-alternatives": pgAlternativesFigures,
    "pg-scale": pgScaleFigures,
  }

/** How many loans the largest table has by default. */
const rowsMaxDefault = 1_000_000

const usage = `pnpm bench [--rounds N] [--rows N] [group ...]

Measures each figure against a floor in the same run and writes bench-report/report.json.
Groups: ${Object.keys(groups).join(", ")}. Without a group, all of them.
--rows is how many loans the largest table of pg-scale may hold, ${rowsMaxDefault} by default; 10000000 take a quarter of an hour and 40 GB.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, rows: { type: "string" }, help: { type: "boolean" } },
})
const rounds = Number(values.rounds ?? roundsDefault)
const rowsMax = Number(values.rows ?? rowsMaxDefault)
const unknown = positionals.filter((name) => groups[name] === undefined)
const areCounts = [rounds, rowsMax].every((count) => Number.isInteger(count) && count >= 1)
if (values.help === true || unknown.length > 0 || !areCounts) {
  process.stderr.write(usage)
  process.exit(values.help === true ? 0 : 2)
}

const figures: Array<Figure> = []
for (const [name, measure] of Object.entries(groups)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  for (const figure of await measure(rounds, rowsMax)) {
    figures.push(figure)
    process.stdout.write(`${row(figure)}\n`)
  }
}
mkdirSync("bench-report", { recursive: true })
writeFileSync(
  "bench-report/report.json",
  `${JSON.stringify({ machine: machine(), rounds, figures }, null, 2)}\n`,
)

function row(figure: Figure): string {
  const { name, ratio, ours, floor, unit, goal, spread } = figure
  const wanted = goal === null ? "" : `at least ${goal}`
  const verdict = goal === null ? "" : reaches(figure) ? "reached" : "MISSED"
  return [
    name.padEnd(28),
    `${ratio.toFixed(2)} x`.padStart(9),
    wanted.padStart(14),
    verdict.padStart(8),
    `ours ${amount(ours)}, floor ${amount(floor)} ${unit}`,
    spread === undefined ? "" : `(${spread.map((ratio) => ratio.toFixed(2)).join(" to ")})`,
  ].join("  ")
}

function amount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)
}

function machine() {
  const [cpu] = cpus()
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
  }
}
