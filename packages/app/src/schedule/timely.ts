import type { Facts } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"

/** How far ahead of the clock a usable instant may be. The clocks of several engines differ by less. */
export const clockAheadMsMax = 3_600_000

/**
 * Corrects the date of an observation whose loan has facts, or repeats (`levels`), dated far ahead by a wrong clock. In
 * the facts the later instant wins, so nothing said from now on would count until then. So the observation is dated
 * just after them. This keeps the order of arrival: the next observation is dated after this one. The real time of
 * arrival is in the journal's row (`receivedAt`), and in its bytes.
 */
export function timely(
  observation: Observation,
  facts: Facts,
  levels: Observation["levels"],
  now: Instant,
): Observation {
  const newest = Math.max(newestIn(facts), ...(levels ?? []).map(({ at }) => at))
  if (newest <= now + clockAheadMsMax || observation.events.length === 0) return observation
  const shiftMs = newest + 1 - Math.min(...observation.events.map(({ at }) => at))
  if (shiftMs <= 0) return observation
  return { ...observation, events: observation.events.map((event) => ({ ...event, at: event.at + shiftMs })) }
}

/** The instant, or the clock's time if the instant is far ahead of the clock. */
export const notAhead = (at: Instant, now: Instant): Instant => (at > now + clockAheadMsMax ? now : at)

/** The same for all events. */
export const boundedBy = (observation: Observation, now: Instant): Observation =>
  observation.events.some(({ at }) => at > now + clockAheadMsMax)
    ? {
        ...observation,
        events: observation.events.map((event) => ({ ...event, at: notAhead(event.at, now) })),
      }
    : observation

/** How far the bank's clock may be behind. */
export const bankClockBehindMsMax = 15 * 60_000

/**
 * Dates a callback's request for documents by its receipt, if it was issued shortly before, as far as the bank's clock
 * can tell. If that clock is minutes behind, an answer from before the request would otherwise clear it, and only a
 * callback names the documents. A request that came late, after others that name all its documents, keeps its date, and
 * so says nothing new.
 */
export function requestsByReceipt(observation: Observation, facts: Facts, now: Instant): Observation {
  const receivedAt = notAhead(observation.receivedAt, now)
  const isYoung = (event: Observation["events"][number]): boolean =>
    event.type === "addition.requested" &&
    event.at < receivedAt &&
    receivedAt - event.at <= bankClockBehindMsMax &&
    !isHeardSince(facts, event)
  if (observation.source !== "callback" || !observation.events.some(isYoung)) return observation
  const events = observation.events.map((event) => (isYoung(event) ? { ...event, at: receivedAt } : event))
  return { ...observation, events }
}

const isHeardSince = (
  { additionRequestedAt, documentsAdded = [] }: Facts,
  { at, requiredDocuments = [] }: Extract<LoanEvent, { type: "addition.requested" }>,
): boolean =>
  additionRequestedAt !== null &&
  additionRequestedAt >= at &&
  requiredDocuments.every((type) => documentsAdded.some((known) => known.type === type && known.at >= at))

/**
 * The latest instant in the facts. `-Infinity` if there is none. The merchant's registrations and closures are left
 * out, because nothing from the bank is compared with them.
 */
function newestIn({
  documents,
  documentsAdded = [],
  methods,
  offers,
  ruling,
  merchant: _merchant,
  closure: _closure,
  signedOn,
  ...heard
}: Facts): Instant {
  const dated = [documents, ruling, signedOn ?? null, ...documentsAdded, ...methods, ...offers].flatMap(
    (entry) => (entry === null ? [] : [entry.at]),
  )
  const instants = Object.values(heard).filter((at) => at !== null)
  return Math.max(-Infinity, ...instants, ...dated)
}
