import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { DecisionResult } from "./decision-result.ts"
import type { GetApplicationQuoteResponse } from "./get-application-quote.ts"
import type { GetApplicationStatusResponse } from "./get-application-status.ts"
import type { SubmitApplicationExtResponse } from "./submit-application-ext.ts"

/**
 * The events of a status poll's answer. `at` is when the request was sent. A poll is a level: it says what is true now.
 * `waitingForAddition=false` clears a request for documents. `paidOut=false` and an absent method undo nothing, so they
 * give no event.
 *
 * @example
 * applicationStatusEvents({ waitingForAddition: false, paidOut: true }, 7)
 * // [{ type: "addition.cleared", at: 7 }, { type: "loan.paidOut", at: 7, fresh: true }]
 */
export function applicationStatusEvents(
  response: GetApplicationStatusResponse,
  at: Instant,
  clearedAt: Instant = at,
): ReadonlyArray<LoanEvent> {
  const { waitingForAddition, signedWithMethod, paidOut } = response
  const events: Array<LoanEvent> = []
  if (waitingForAddition === true) events.push({ type: "addition.requested", at })
  if (waitingForAddition === false) events.push({ type: "addition.cleared", at: clearedAt })
  if (signedWithMethod !== undefined) events.push({ type: "agreement.signed", at, method: signedWithMethod })
  if (paidOut === true) events.push({ type: "loan.paidOut", at, fresh: true })
  return events
}

function decisionEvents(
  { decision, offer }: DecisionResult,
  at: Instant,
  fresh: { fresh?: true },
): ReadonlyArray<LoanEvent> {
  switch (decision) {
    case null:
      return []
    case "MANUAL_INSPECTION":
      return [{ type: "decision.pending", at, ...fresh }]
    case "REJECTED":
      return [{ type: "decision.rejected", at, ...fresh }]
    case "APPROVED":
      return [
        {
          type: "decision.approved",
          at,
          ...fresh,
          ...(Object.keys(offer).length === 0 ? {} : { offer }),
        },
      ]
  }
}

/**
 * The events of a quote's answer. `at` is when the request was sent. The decision is fresh, so it overrules every
 * verdict that is not newer.
 */
export function applicationQuoteEvents(
  response: GetApplicationQuoteResponse,
  at: Instant,
): ReadonlyArray<LoanEvent> {
  return decisionEvents(response, at, { fresh: true })
}

/** The events of the answer to a submission. Nothing is older than this decision, so it overrules nothing. */
export function submissionEvents(
  response: SubmitApplicationExtResponse,
  at: Instant,
): ReadonlyArray<LoanEvent> {
  return decisionEvents(response, at, {})
}
