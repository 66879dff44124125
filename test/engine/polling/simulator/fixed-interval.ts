import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { dayMs, minuteMs } from "../../../proof/simulation/world.ts"
import { fixedPacing } from "./pacing.ts"
import type { PollFigures, PollWorld } from "./poll-simulator.ts"
import { simulatePolling } from "./poll-simulator.ts"

export interface FixedInterval {
  readonly intervalMs: number
  readonly figures: PollFigures
}

/** How many more requests than the engine the fixed interval may make, as a share. It never makes fewer. */
const costToleranceShare = 0.005
const triesMax = 30

/** The longest fixed interval that makes `requestsPerLoan` requests, or slightly more, for the same loans. */
export function fixedIntervalOfEqualCost(world: PollWorld, requestsPerLoan: number): FixedInterval {
  const run = (intervalMs: number): FixedInterval => ({
    intervalMs,
    figures: simulatePolling(world, fixedPacing(intervalMs, world.settings ?? cadenceDefaults)),
  })
  let [short, long] = [minuteMs, 30 * dayMs]
  let tried = run(guess(short, long))
  for (let tries = 1; tries < triesMax; tries++) {
    const share = tried.figures.requestsPerLoan / requestsPerLoan
    if (share >= 1 && share <= 1 + costToleranceShare) return tried
    if (share > 1) short = tried.intervalMs
    else long = tried.intervalMs
    // The number of requests is nearly proportional to the inverse of the interval.
    const proportional = tried.intervalMs * share * (1 - costToleranceShare / 2)
    tried = run(proportional > short && proportional < long ? proportional : guess(short, long))
  }
  throw new Error(`no fixed interval asks ${requestsPerLoan} requests a loan`)
}

const guess = (short: number, long: number): number => Math.sqrt(short * long)
