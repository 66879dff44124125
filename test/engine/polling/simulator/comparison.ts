import type { Departure } from "./bank-life.ts"
import { asAssumed } from "./bank-life.ts"
import type { FixedInterval } from "./fixed-interval.ts"
import { fixedIntervalOfEqualCost } from "./fixed-interval.ts"
import type { PollFigures, PollWorld } from "./poll-simulator.ts"
import { simulatePolling } from "./poll-simulator.ts"

/**
 * The goals of the cadence if every callback is lost. It is compared with a fixed interval that needs equally many
 * requests.
 */
export const delayGoals = {
  /** The median delay must be this many times shorter. */
  median: 2,
  /** The 95th percentile must not be longer. */
  p95: 1,
} as const

export interface Comparison {
  readonly ours: PollFigures
  readonly fixed: FixedInterval
  /** The fixed interval's delays, as multiples of the cadence's. */
  readonly times: { readonly median: number; readonly p95: number; readonly p99: number }
}

export type WorldSize = Pick<PollWorld, "seed" | "loans" | "days" | "settings">

/** Simulates the engine's cadence and a fixed interval on the same loans. Every callback is lost. */
export function compareWithFixed(size: WorldSize, departure: Departure = asAssumed): Comparison {
  const world: PollWorld = { ...size, departure, chaos: "none", lostShare: 1 }
  const ours = simulatePolling(world)
  const fixed = fixedIntervalOfEqualCost(world, ours.requestsPerLoan)
  const times = (name: keyof Comparison["times"]): number => fixed.figures.delayMs[name] / ours.delayMs[name]
  return { ours, fixed, times: { median: times("median"), p95: times("p95"), p99: times("p99") } }
}
