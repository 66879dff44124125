import type { CadenceSettings } from "@loan-engine/app/schedule/poll-cadence"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import type { ChaosLevel } from "@loan-engine/app/sandbox/chaos"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { seeded } from "../../../proof/simulation/seeded.ts"
import { dayMs, hourMs, secondMs } from "../../../proof/simulation/world.ts"
import { asAssumed, drawBankLife } from "./bank-life.ts"
import type { Departure } from "./bank-life.ts"
import { drawArrivals } from "./callback-arrivals.ts"
import { liveThroughLoan } from "./loan-timeline.ts"
import type { LoanCase } from "./loan-timeline.ts"
import type { Pacing } from "./pacing.ts"
import { cadencePacing } from "./pacing.ts"

export interface PollWorld {
  readonly seed: string
  readonly loans: number
  readonly days: number
  readonly chaos: ChaosLevel
  /** The share of callbacks that never arrive. */
  readonly lostShare: number
  /** How the bank differs from the assumptions. By default it does not differ. */
  readonly departure?: Departure
  readonly settings?: CadenceSettings
}

export interface PollFigures {
  readonly pollsPerLoan: number
  readonly requestsPerLoan: number
  /** The number of requests in the busiest second. */
  readonly requestsPerSecondPeak: number
  /** How often the bank's stage changed. */
  readonly changes: number
  /** The time from the bank's change to the engine's. */
  readonly delayMs: Percentiles
}

interface Percentiles {
  readonly median: number
  readonly p95: number
  readonly p99: number
}

/** Simulates every loan of a world. By default the engine's own pacing plans the polls. */
export function simulatePolling(world: PollWorld, pacing?: Pacing): PollFigures {
  const settings = world.settings ?? cadenceDefaults
  const paced = pacing ?? cadencePacing(settings)
  const requestsInSecond = new Uint32Array((world.days * dayMs) / secondMs)
  const delays: Array<number> = []
  let polls = 0
  const measures = {
    poll: () => void polls++,
    request: (at: number) => {
      const second = Math.floor(at / secondMs)
      requestsInSecond[second] = (requestsInSecond[second] ?? 0) + 1
    },
    known: (delayMs: number) => void delays.push(delayMs),
  }
  for (let index = 0; index < world.loans; index++) {
    liveThroughLoan(drawCase(world, index, paced, settings), measures)
  }
  const requests = requestsInSecond.reduce((sum, count) => sum + count, 0)
  return {
    pollsPerLoan: polls / world.loans,
    requestsPerLoan: requests / world.loans,
    requestsPerSecondPeak: requestsInSecond.reduce((most, count) => Math.max(most, count), 0),
    changes: delays.length,
    delayMs: percentiles(delays),
  }
}

/** The hours of the day in which applications arrive. */
const opensAtHour = 8
const closesAtHour = 20

/** Each kind of draw has its own random stream. So the same loans have the same lives with every pacing. */
function drawCase(world: PollWorld, index: number, pacing: Pacing, settings: CadenceSettings): LoanCase {
  const draws = (concern: string) => seeded(`${world.seed}/${index}/${concern}`)
  const submission = draws("submission")
  const day = Math.floor(submission.between(0, world.days))
  const life = drawBankLife(draws("life"), world.departure ?? asAssumed)
  const fates = draws("callbacks")
  return {
    reference: ApplicationReference.make(`loan-${index}`),
    submittedAt: Math.floor(day * dayMs + submission.between(opensAtHour, closesAtHour) * hourMs),
    endsAt: world.days * dayMs,
    life,
    arrivals: life.changes.map(() => drawArrivals(fates, world.chaos, world.lostShare)),
    jitter: draws("jitter").next,
    pacing,
    settings,
  }
}

function percentiles(values: ReadonlyArray<number>): Percentiles {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
  return { median: at(0.5), p95: at(0.95), p99: at(0.99) }
}
