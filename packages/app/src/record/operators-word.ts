import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { LoanMoved } from "./engine.ts"

/** Fails if the loan is no longer at the version that the person saw. Without one, any version is right. */
export const requireVersion = (
  { applicationReference, version }: Loan,
  seen: number | undefined,
): Effect.Effect<void, LoanMoved> =>
  seen === undefined || seen === version
    ? Effect.void
    : Effect.fail(new LoanMoved({ applicationReference, expected: seen }))

/** What a person says about a loan. `through` is who sent it, as the engine knows it. */
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
