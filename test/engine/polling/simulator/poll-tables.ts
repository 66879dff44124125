import { cadenceDefaults, cadences } from "@loan-engine/app/schedule/poll-cadence"
import type { Cadence, CadenceSettings } from "@loan-engine/app/schedule/poll-cadence"
import { stages } from "@loan-engine/domain/legal-transitions"
import { hourMs, minuteMs, secondMs, dayMs } from "../../../proof/simulation/world.ts"
import { assumedDelays, assumedShares } from "./bank-life.ts"
import type { Comparison } from "./comparison.ts"
import type { PollFigures } from "./poll-simulator.ts"
import { liveInSilence, restless, silentLives } from "./silent-lives.ts"
import type { SilentLife } from "./silent-lives.ts"

type Row = ReadonlyArray<string>

/** A table in Markdown. */
function table(head: Row, rows: ReadonlyArray<Row>): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: Row): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const rule = widths.map((width) => "-".repeat(width))
  return [line(head), line(rule), ...rows.map(line)].join("\n")
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

/** A duration in the largest unit in which it is easy to read. */
function duration(ms: number): string {
  if (ms >= 3 * dayMs) return `${(ms / dayMs).toFixed(1)} d`
  if (ms >= hourMs) return `${(ms / hourMs).toFixed(2)} h`
  return ms >= minuteMs ? `${(ms / minuteMs).toFixed(1)} min` : `${(ms / secondMs).toFixed(1)} s`
}

/** The current cadence of each stage. */
export function cadenceTable(): string {
  const rows = stages.map((stage): Row => {
    const { questions, firstMs, steadyPolls, growth } = cadences[stage]
    return [
      stage,
      questions.join(", "),
      duration(firstMs),
      String(steadyPolls),
      `x ${growth}`,
      duration(timeToTail(cadences[stage])),
    ]
  })
  return table(
    ["stage", "question", "first interval", "polls at this interval", "then each interval", "daily after"],
    rows,
  )
}

/** How long a loan is without news before it is polled once a day. */
function timeToTail({ firstMs, steadyPolls, growth }: Cadence): number {
  let passedMs = 0
  for (let attempts = 0; ; attempts++) {
    const intervalMs = firstMs * growth ** Math.max(0, attempts - steadyPolls)
    if (intervalMs >= cadenceDefaults.pollIntervalMaxMs) return passedMs
    passedMs += intervalMs
  }
}

/** The polls for loans without further news, once without horizons and once with the current horizons. */
export function silenceTable(): string {
  const yearDays = 365
  const cost = (life: SilentLife, settings: CadenceSettings): Row => {
    const year = liveInSilence(life, yearDays, settings)
    const { lastDay } = liveInSilence(life, 10 * yearDays, settings)
    return [String(year.requests), lastDay === null ? "never" : `day ${lastDay}`]
  }
  return table(
    ["the loan", "before: requests in a year", "before: polling ends", "requests in a year", "polling ends"],
    silentLives.map((life) => {
      // Without horizons there was no closing either.
      const { closedAfterDays: _closedAfterDays, ...before } = life
      return [life.name, ...cost(before, restless), ...cost(life, cadenceDefaults)]
    }),
  )
}

export const delaysTable = (): string =>
  table(
    ["what takes time", "half take at most", "95 % take at most"],
    Object.values(assumedDelays).map(({ what, medianHours, p95Hours }) => [
      what,
      `${medianHours} h`,
      `${p95Hours} h`,
    ]),
  )

export const sharesTable = (): string =>
  table(
    ["loans", "share"],
    Object.values(assumedShares).map(({ what, share }) => [what, percent(share)]),
  )

export interface CallbackScenario {
  readonly chaos: string
  readonly lostShare: number
  readonly figures: PollFigures
}

export const scenarioTable = (scenarios: ReadonlyArray<CallbackScenario>): string =>
  table(
    [
      "chaos",
      "callbacks lost",
      "polls/loan",
      "requests/loan",
      "peak requests/s",
      "median delay",
      "p95",
      "p99",
    ],
    scenarios.map(({ chaos, lostShare, figures }) => [chaos, percent(lostShare), ...figureCells(figures)]),
  )

const figureCells = (figures: PollFigures): Row => [
  figures.pollsPerLoan.toFixed(1),
  figures.requestsPerLoan.toFixed(1),
  String(figures.requestsPerSecondPeak),
  duration(figures.delayMs.median),
  duration(figures.delayMs.p95),
  duration(figures.delayMs.p99),
]

export interface NamedComparison extends Comparison {
  readonly assumption: string
}

/**
 * Two rows for each comparison: the engine's and the fixed interval's. The second also shows its delays as multiples
 * of the first.
 */
export const comparisonTable = (comparisons: ReadonlyArray<NamedComparison>): string =>
  table(
    ["the bank", "polling", "polls/loan", "requests/loan", "peak requests/s", "median delay", "p95", "p99"],
    comparisons.flatMap(({ assumption, ours, fixed, times }) => [
      [assumption, "cadence", ...figureCells(ours)],
      [assumption, `every ${duration(fixed.intervalMs)}`, ...figureCells(fixed.figures)],
      [
        assumption,
        "times as long",
        "",
        "",
        "",
        `${times.median.toFixed(2)} x`,
        `${times.p95.toFixed(2)} x`,
        `${times.p99.toFixed(2)} x`,
      ],
    ]),
  )
