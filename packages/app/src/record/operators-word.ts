import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { LoanMoved } from "./engine.ts"

/** Fails if the loan no longer has the version that the person saw. If no version is given, it succeeds. */
export const requireVersion = (
  { applicationReference, version }: Loan,
  seen: number | undefined,
): Effect.Effect<void, LoanMoved> =>
  seen === undefined || seen === version
    ? Effect.void
    : Effect.fail(new LoanMoved({ applicationReference, expected: seen }))

/**
 * An operator's observation of a loan. `through` is who sent it: the name of an API key, or the user of a command.
 */
export const operatorsWord = (
  { applicationReference, account }: Loan,
  receivedAt: Instant,
  through: string | undefined,
  events: ReadonlyArray<LoanEvent>,
): Observation => ({
  applicationReference,
  account,
  source: "operator",
  evidence: "operator",
  receivedAt,
  ...(through === undefined ? {} : { through }),
  events,
})
