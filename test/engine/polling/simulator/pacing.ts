import type { CadenceSettings, PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { scheduleAfter } from "@loan-engine/app/schedule/poll-schedule"
import type { Scheduled } from "@loan-engine/app/schedule/poll-schedule"
import type { Decision } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"

/** When the loan is polled next after an observation. `jitter` is a random number from 0 to 1. */
export type Pacing = (
  before: Scheduled,
  observation: Observation,
  decision: Decision,
  jitter: number,
) => PollSchedule

/** The engine's own pacing. */
export const cadencePacing =
  (settings: CadenceSettings): Pacing =>
  (before, observation, decision, jitter) =>
    scheduleAfter(before, observation, decision, settings, jitter)

/**
 * Polls every `intervalMs` after the submission, with a random phase for each loan. It asks the same questions as the
 * engine, and stops when the engine would stop.
 */
export const fixedPacing = (intervalMs: number, settings: CadenceSettings): Pacing => {
  const cadence = cadencePacing(settings)
  return (before, observation, decision, jitter) => {
    const schedule = cadence(before, observation, decision, jitter)
    if (schedule.nextPollAt === null) return schedule
    const waitMs = observation.source === "submission" ? jitter * intervalMs : intervalMs
    return { ...schedule, nextPollAt: Math.round(observation.receivedAt + waitMs) }
  }
}
