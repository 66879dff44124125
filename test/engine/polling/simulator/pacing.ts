import type { CadenceSettings, PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { scheduleAfter } from "@loan-engine/app/schedule/poll-schedule"
import type { Scheduled } from "@loan-engine/app/schedule/poll-schedule"
import type { Decision } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"

/** When a loan is asked about next, after an observation. `jitter` is a draw from 0 to 1. */
export type Pacing = (
  before: Scheduled,
  observation: Observation,
  decision: Decision,
  jitter: number,
) => PollSchedule

/** The engine's own. */
export const cadencePacing =
  (settings: CadenceSettings): Pacing =>
  (before, observation, decision, jitter) =>
    scheduleAfter(before, observation, decision, settings, jitter)

/**
 * Every `intervalMs` from the submission on, at a phase of its own for each loan, until the engine's own pacing would stop
 * too; what it asks is the same.
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
