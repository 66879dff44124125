import type { Facts } from "./facts.ts"
import type { Instant } from "./instant.ts"
import type { LoanEvent } from "./loan-event.ts"
import type { Observation } from "./observation.ts"
import { isSigned, lastOffer } from "./standing.ts"

/**
 * An observation with marks that depend on what is known of its loan. A request for documents adds to the open ones. A
 * signature that is heard for the first time is on the offer that stands. A word that closes or opens the loan is later
 * than the one before it. The marks are journaled with the observation, so an older journal without them folds as
 * before.
 */
export function marked(observation: Observation, facts: Facts): Observation {
  const stands = isSigned(facts) ? null : lastOffer(facts)
  const closedAt = facts.closure?.at
  const mark = (event: LoanEvent): LoanEvent => {
    if (event.type === "addition.requested" && event.requiredDocuments !== undefined)
      return { ...event, adds: true }
    if (event.type === "agreement.signed" || event.type === "loan.paidOut")
      return stands === null ? event : { ...event, onOffer: stands }
    const isPursuit = event.type === "loan.closed" || event.type === "loan.reopened"
    return isPursuit && closedAt !== undefined ? { ...event, at: Math.max(event.at, closedAt + 1) } : event
  }
  return { ...observation, events: observation.events.map(mark) }
}

/** The same, with a mark that the closed loan is open again because the bank has gone further with it. */
export function reopening(observation: Observation, { closure }: Facts, at: Instant): Observation {
  const later = Math.max(at, (closure?.at ?? 0) + 1)
  return { ...observation, events: [...observation.events, { type: "loan.reopened", at: later }] }
}
