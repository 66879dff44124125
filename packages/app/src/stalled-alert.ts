import type { Loan } from "@loan-engine/domain/loan"
import { Effect, Metric } from "effect"
import type { PollSchedule } from "./poll-cadence.ts"

/** Every loan that became stalled, by `account`; one that moves on and falls silent again counts again. */
export const loansStalledCounter = Metric.counter("loan_engine_loans_stalled", {
  description: "Loans that were silent for so long that a person may want to look",
  incremental: true,
})

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
    Effect.andThen(Metric.update(Metric.withAttributes(loansStalledCounter, { account }), 1)),
  )
}
