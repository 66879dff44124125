import type { Loan } from "@loan-engine/domain/loan"
import type { HoldReason } from "@loan-engine/domain/observation"
import { Effect, Metric } from "effect"
import type { PollSchedule } from "../schedule/poll-cadence.ts"
import { stalledAlertsCounter } from "../telemetry/metrics.ts"

const silent = "the loan is stalled: the bank has said nothing new for too many polls"

const unasked =
  "the loan is stalled: what came is to be confirmed by the bank, and its account has none that can be asked: ask the bank, or configure the account's bank"

/** Why a loan needs a person, where it is not for the bank's silence. */
const words: { readonly [Reason in HoldReason]?: string } = {
  "unknown-event-type":
    "the loan is stalled: the bank answered with a decision that is not known: read the answer and ask the bank",
  "reference-unusable":
    "the loan is stalled: a callback names a reference that no loan can have: read it as it came and ask the bank which loan is meant",
}

/** The bank can tell nothing about a reference that no loan has, so there it is no matter whether it can be asked. */
const wordsFor = (hold: HoldReason | null, hasBank: boolean): string =>
  !hasBank && hold !== "reference-unusable" ? unasked : ((hold === null ? undefined : words[hold]) ?? silent)

/**
 * Raises the alert once, as a loan becomes stalled, with why the observation that made it so is held. It goes on being polled,
 * where its account has a bank: silence never ends a loan.
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
