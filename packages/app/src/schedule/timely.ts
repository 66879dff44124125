import type { Facts } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"

/** How far ahead of the clock an instant may be. The clocks of several engines differ by less than this. */
export const clockAheadMsMax = 3_600_000

/**
 * Corrects an observation's times if the loan's facts, or its repeats (`levels`), have a time far ahead of the clock.
 * A wrong clock caused that. In the facts the later time wins, so new observations would not count until the clock
 * reaches that time. The corrected observation is just after the latest time in the facts. So observations keep their
 * order of arrival. The journal keeps the real time of arrival in `receivedAt` and in the raw bytes.
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

/** Limits an instant: if it is far ahead of the clock, the result is the clock's time. */
export const notAhead = (at: Instant, now: Instant): Instant => (at > now + clockAheadMsMax ? now : at)

/** Limits the times of all events as {@link notAhead} does. */
export const boundedBy = (observation: Observation, now: Instant): Observation =>
  observation.events.some(({ at }) => at > now + clockAheadMsMax)
    ? {
        ...observation,
        events: observation.events.map((event) => ({ ...event, at: notAhead(event.at, now) })),
      }
    : observation

/** How far the bank's clock may be behind ours. */
export const bankClockBehindMsMax = 15 * 60_000

/**
 * Replaces the time of a callback's request for documents by its time of receipt, if the bank issued it shortly
 * before. The bank's clock may be minutes behind. Then an answer from before the request would seem later and clear
 * it, and only a callback names the documents. A request keeps its time if the facts already have later requests for
 * all its documents, so that it brings nothing new.
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
 * The latest instant in the facts, or `-Infinity` if there is none. The merchant's registration and the closure are
 * left out, because no statement of the bank is compared with them.
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
