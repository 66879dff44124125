import { detailNames } from "./detail.ts"
import type { DetailName } from "./detail.ts"
import { areDocumentsTooMany } from "./facts.ts"
import type { Facts } from "./facts.ts"
import type { Instant } from "./instant.ts"
import type { LoanEvent } from "./loan-event.ts"
import type { Observation } from "./observation.ts"
import { isSigned, lastOffer } from "./standing.ts"

/**
 * Adds marks to an observation. The marks depend on the loan's facts:
 *
 * - A request for documents gets `adds`, so it adds to the open requests.
 * - The first signature gets `onOffer`: the offer that is current now.
 * - A closing or reopening gets a time after the last one.
 * - If the bank has asked for more documents than are kept, `requiredDocuments` counts as left out.
 *
 * The journal keeps the marks with the observation. So an older journal without marks still gives the same facts.
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
  const events = observation.events.map(mark)
  if (!events.some((event) => areDocumentsTooMany(facts, event))) return { ...observation, events }
  const { leftOut = [] } = observation
  const isLeftOut = (name: DetailName) => name === "requiredDocuments" || leftOut.includes(name)
  return { ...observation, events, leftOut: detailNames.filter(isLeftOut) }
}

/** Adds the event `loan.reopened` to an observation: the bank has made progress with a closed loan. */
export function reopening(observation: Observation, { closure }: Facts, at: Instant): Observation {
  const later = Math.max(at, (closure?.at ?? 0) + 1)
  return { ...observation, events: [...observation.events, { type: "loan.reopened", at: later }] }
}
