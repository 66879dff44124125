import type { Departure } from "./bank-life.ts"
import { asAssumed } from "./bank-life.ts"
import type { FixedInterval } from "./fixed-interval.ts"
import { fixedIntervalOfEqualCost } from "./fixed-interval.ts"
import type { PollFigures, PollWorld } from "./poll-simulator.ts"
import { simulatePolling } from "./poll-simulator.ts"

/** What the cadence is to reach when every callback is lost, beside a fixed interval that costs the bank as much. */
export const delayGoals = {
  /** How many times shorter the median delay is. */
  median: 2,
  /** The 95th percentile is no longer. */
  p95: 1,
} as const

export interface Comparison {
  readonly ours: PollFigures
  readonly fixed: FixedInterval
  /** How many times as long the fixed interval's delays are. */
  readonly times: { readonly median: number; readonly p95: number; readonly p99: number }
}

export type WorldSize = Pick<PollWorld, "seed" | "loans" | "days" | "settings">

/** The engine's cadence and a fixed interval, on the same loans, with every callback lost. */
export function compareWithFixed(size: WorldSize, departure: Departure = asAssumed): Comparison {
  const world: PollWorld = { ...size, departure, chaos: "none", lostShare: 1 }
  const ours = simulatePolling(world)
  const fixed = fixedIntervalOfEqualCost(world, ours.requestsPerLoan)
  const times = (name: keyof Comparison["times"]): number => fixed.figures.delayMs[name] / ours.delayMs[name]
  return { ours, fixed, times: { median: times("median"), p95: times("p95"), p99: times("p99") } }
}
