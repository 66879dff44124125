import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import { currentOffer, isPaidOut, isUnspokenOf, standing } from "@loan-engine/domain/standing"
import { isRejectedByBank } from "./dormancy.ts"
import type { PollQuestion, PollSchedule } from "./poll-cadence.ts"

// Which observations the bank must confirm, and which answers of the bank confirm them.

/**
 * Whether an observation has no proof and is about a loan that no trusted source knows. Anyone can send any number of
 * such observations. So their polls come after the confirmations of known loans. If the bank signs, credentials alone
 * are no proof.
 */
export const isStrangers = (loan: Loan, { source, evidence, hold }: Observation): boolean =>
  source === "callback" && (evidence === "none" || hold === "signature-missing") && isUnspokenOf(loan)

export const isAnswer = (observation: Observation): boolean =>
  observation.source === "poll" || observation.source === "quote"

export const questionOf = ({ source }: Observation): PollQuestion => (source === "poll" ? "status" : "quote")

/**
 * Whether the bank's own answer confirms that the loan has ended. A rejection ends a loan that was once reported as
 * paid out only if the bank's status was asked too: the status may say that the bank has paid the money.
 */
export function isConfirmedEnd(loan: Loan, observation: Observation, before: PollSchedule): boolean {
  const { payOutOverruledAt } = loan.facts
  const isStatus = observation.source === "poll"
  if (loan.stage === "rejected") {
    // A status contains no decision, so a confirmation needs a quote.
    if (before.confirm && observation.source !== "quote") return false
    const wasEnd = before.nextPollAt === null
    const isSettled = isStatus || wasEnd || !isPaidOut(loan.facts) || payOutOverruledAt !== undefined
    return isRejectedByBank(loan) && isSettled
  }
  if (loan.stage !== "paidOut") return false
  return isStatus && observation.events.some((event) => event.type === "loan.paidOut")
}

export const isRuling = ({ events }: Observation): boolean =>
  events.some(({ type }) => type === "dispute.ruled")

/** A registration whose decision could not be read. The engine asks the bank at once. */
export const isUndecided = ({ source, leftOut = [] }: Observation): boolean =>
  source === "submission" && leftOut.includes("decision")

/**
 * An approval whose offer could not be read completely. The engine asks the bank, because the bank's own answer may
 * be readable.
 */
export const isOfferIncomplete = ({ events, leftOut = [] }: Observation): boolean =>
  leftOut.length > 0 && events.some(({ type }) => type === "decision.approved")

/**
 * Whether a callback contradicts the standing verdict, or names an offer that is no longer current. Such a callback
 * is probably a late redelivery. Its time is not certain, so only the bank can tell.
 */
export const isDoubt = ({ facts }: Loan, { source, events }: Observation): boolean =>
  source === "callback" && events.some((event) => isAgainst(facts, event))

export function isAgainst(facts: Facts, event: LoanEvent): boolean {
  const stands = standing(facts)
  switch (event.type) {
    case "decision.approved":
      return stands !== "approved" || isFormerOffer(facts, event.offer)
    case "agreement.signed":
    case "loan.paidOut":
      return stands !== "approved"
    case "decision.rejected":
      return stands !== "rejected"
    case "decision.pending":
      return stands !== "pending"
    case "addition.requested":
    case "addition.cleared":
    case "dispute.ruled":
    case "loan.closed":
    case "loan.reopened":
      return false
  }
}

function isFormerOffer(facts: Facts, offer: Offer | undefined): boolean {
  const current = currentOffer(facts)
  return offer !== undefined && current !== null && canonicalJson(offer) !== canonicalJson(current)
}
