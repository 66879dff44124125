import type { Loan } from "@loan-engine/domain/loan"
import type { HoldReason } from "@loan-engine/domain/observation"
import { Effect, Metric } from "effect"
import type { PollSchedule } from "../schedule/poll-cadence.ts"
import { stalledAlertsCounter } from "../telemetry/metrics.ts"

const silent = "the loan is stalled: the bank has said nothing new for too many polls"

const unasked =
  "the loan is stalled: the bank must confirm what was received, but the loan's account has no bank that the engine can ask: ask the bank yourself, or configure the account's bank"

/** Why a loan needs a person, if not because of the bank's silence. */
const words: { readonly [Reason in HoldReason]?: string } = {
  "unknown-event-type":
    "the loan is stalled: the bank answered with an unknown decision: read the answer and ask the bank",
  "reference-unusable":
    "the loan is stalled: a callback names a reference that no loan can have: read the original callback and ask the bank which loan is meant",
}

/** The bank knows nothing about a reference that no loan has, so it does not matter whether the bank can be asked. */
const wordsFor = (hold: HoldReason | null, hasBank: boolean): string =>
  !hasBank && hold !== "reference-unusable" ? unasked : ((hold === null ? undefined : words[hold]) ?? silent)

/**
 * Raises the alert once, when a loan becomes stalled, with the reason why that observation is held. If the account has
 * a bank, polling continues: silence never ends a loan.
 */
export const alertIfStalled = (
  { applicationReference, account, stage }: Loan,
  before: PollSchedule,
  after: PollSchedule,
  hold: HoldReason | null = null,
  hasBank = true,
): Effect.Effect<void> => {
  if (before.stalled || !after.stalled) return Effect.void
  const attributes = { applicationReference, account, stage, attempts: after.attempts }
  return Effect.logWarning(wordsFor(hold, hasBank)).pipe(
    Effect.annotateLogs(attributes),
    Effect.andThen(Metric.update(stalledAlertsCounter.of({ account }), 1)),
  )
}
