import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import { currentOffer, isPaidOut, isUnspokenOf, standing } from "@loan-engine/domain/standing"
import { isRejectedByBank } from "./dormancy.ts"
import type { PollQuestion, PollSchedule } from "./poll-cadence.ts"

// Which observations the bank must confirm, and which of its answers do.

/**
 * The observation has no proof, and nobody trusted ever spoke about its loan. Anyone can send any number of those. They
 * are polled after the confirmations of known loans.
 */
export const isStrangers = (loan: Loan, { source, evidence }: Observation): boolean =>
  source === "callback" && evidence === "none" && isUnspokenOf(loan)

export const isAnswer = (observation: Observation): boolean =>
  observation.source === "poll" || observation.source === "quote"

export const questionOf = ({ source }: Observation): PollQuestion => (source === "poll" ? "status" : "quote")

/**
 * Whether the bank's own answer says that the loan has ended. If the loan was once reported as paid out, a rejection
 * ends it only if the bank's status was asked too: the status may say that the money has left.
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

/** A registration with an unknown decision: the bank is asked at once. */
export const isUndecided = ({ source, leftOut = [] }: Observation): boolean =>
  source === "submission" && leftOut.includes("decision")

/** An approval whose offer could not be read completely: the bank's own answer may be easier to read. */
export const isOfferIncomplete = ({ events, leftOut = [] }: Observation): boolean =>
  leftOut.length > 0 && events.some(({ type }) => type === "decision.approved")

/**
 * A callback that contradicts what stands: a verdict, an inspection, or an offer that no longer stands. Most likely it
 * is a stale redelivery. It has no certain time, so only the bank can tell.
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
