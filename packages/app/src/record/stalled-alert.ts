import type { Loan } from "@loan-engine/domain/loan"
import type { HoldReason } from "@loan-engine/domain/observation"
import { Effect, Metric } from "effect"
import type { PollSchedule } from "../schedule/poll-cadence.ts"
import { stalledAlertsCounter } from "../telemetry/metrics.ts"

const silent = "the loan is stalled: the bank has said nothing new for too many polls"

const unasked =
  "the loan is stalled: the bank must confirm what was received, but the engine cannot ask the bank of this loan's account. Ask the bank yourself, or configure the account's bank"

/** For these hold reasons, the alert names another cause than the bank's silence. */
const words: { readonly [Reason in HoldReason]?: string } = {
  "unknown-event-type":
    "the loan is stalled: the bank answered with an unknown decision. Read the answer and ask the bank",
  "reference-unusable":
    "the loan is stalled: a callback names a reference that no loan can have. Read the original callback and ask the bank which loan is meant",
}

/**
 * The alert's text. If no loan can have the reference, the bank cannot help, so it does not matter whether the
 * account has one.
 */
const wordsFor = (hold: HoldReason | null, hasBank: boolean): string =>
  !hasBank && hold !== "reference-unusable" ? unasked : ((hold === null ? undefined : words[hold]) ?? silent)

/**
 * Raises the alert once, when a loan becomes stalled. `hold` is why the observation was held, or null. `hasBank` says
 * whether the engine can poll for this account. Both only change the text of the alert.
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
