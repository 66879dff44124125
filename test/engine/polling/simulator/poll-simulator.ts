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
  /** How many of the callbacks never arrive, as a share. */
  readonly lostShare: number
  /** How the bank departs from what is assumed of it; not at all by default. */
  readonly departure?: Departure
  readonly settings?: CadenceSettings
}

export interface PollFigures {
  readonly pollsPerLoan: number
  readonly requestsPerLoan: number
  /** Requests in the busiest second. */
  readonly requestsPerSecondPeak: number
  /** How many times the bank's stage changed. */
  readonly changes: number
  /** From the bank's change to our stage. */
  readonly delayMs: Percentiles
}

interface Percentiles {
  readonly median: number
  readonly p95: number
  readonly p99: number
}

/** Lives through every loan of a world, polled as the engine does, or as `pacing` says. */
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

/** Applications come in by day only. */
const opensAtHour = 8
const closesAtHour = 20

/** Each concern draws from a stream of its own, so that the same loans live the same lives however they are polled. */
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
