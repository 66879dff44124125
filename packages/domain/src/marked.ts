import type { Facts } from "./facts.ts"
import type { LoanEvent } from "./loan-event.ts"
import type { Observation } from "./observation.ts"
import { currentOffer, isSigned } from "./standing.ts"

/**
 * An observation as it is recorded beside what is known of its loan: a request for documents adds to those that are open, and a signature that
 * is first heard of is on the offer that stands. The marks are a part of what is journaled, so an older journal, without them, folds as it did.
 */
export function marked(observation: Observation, facts: Facts): Observation {
  const stands = isSigned(facts) ? null : currentOffer(facts)
  const mark = (event: LoanEvent): LoanEvent => {
    if (event.type === "addition.requested" && event.requiredDocuments !== undefined)
      return { ...event, adds: true }
    const isSignature = event.type === "agreement.signed" || event.type === "loan.paidOut"
    return isSignature && stands !== null ? { ...event, onOffer: stands } : event
  }
  return { ...observation, events: observation.events.map(mark) }
}
