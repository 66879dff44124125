import type { Loan } from "@loan-engine/domain/loan"
import { Effect, Metric } from "effect"
import type { PollSchedule } from "./poll-cadence.ts"
import { stalledAlertsCounter } from "../telemetry/metrics.ts"

/** Raises the alert once, as a loan becomes stalled. It goes on being polled: silence never ends a loan. */
export const alertIfStalled = (
  { applicationReference, account, stage }: Loan,
  before: PollSchedule,
  after: PollSchedule,
): Effect.Effect<void> => {
  if (before.stalled || !after.stalled) return Effect.void
  const attributes = { applicationReference, account, stage, attempts: after.attempts }
  return Effect.logWarning("the loan is stalled: the bank has said nothing new for too many polls").pipe(
    Effect.annotateLogs(attributes),
    Effect.andThen(Metric.update(stalledAlertsCounter.of({ account }), 1)),
  )
}
