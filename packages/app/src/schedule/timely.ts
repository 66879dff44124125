import type { Facts } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import type { Observation } from "@loan-engine/domain/observation"

/** How far ahead of the clock an instant may lie that something is built on: several engines' clocks are apart by less. */
export const clockAheadMsMax = 3_600_000

/**
 * What is said of a loan whose facts, or what the bank has said again of it (`levels`), lie far ahead of the clock, because one that was wrong has dated them. In the facts the
 * later instant wins, so nothing that is said from now on would count until then. So it is dated right behind them: the order
 * in which things were heard is kept, and what is heard next is dated behind this. When it really came stands in the journal's
 * row (`receivedAt`), and in its bytes.
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

/** An instant, unless it lies far ahead of the clock: then it is none to build on, and what the clock says stands in for it. */
export const notAhead = (at: Instant, now: Instant): Instant => (at > now + clockAheadMsMax ? now : at)

/** The same of all that is said. */
export const boundedBy = (observation: Observation, now: Instant): Observation =>
  observation.events.some(({ at }) => at > now + clockAheadMsMax)
    ? {
        ...observation,
        events: observation.events.map((event) => ({ ...event, at: notAhead(event.at, now) })),
      }
    : observation

/**
 * The latest instant that anything in the facts is dated by; `-Infinity` without any. What the merchant handed over, and that
 * somebody has closed the loan, is left out: nothing of the bank's is compared with it.
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
