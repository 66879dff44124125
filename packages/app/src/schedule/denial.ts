import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import type { CadenceSettings, PollSchedule } from "./poll-cadence.ts"
import { graceMsOf } from "./poll-cadence.ts"
import { isAgainst, isAnswer, isRuling, isStrangers } from "./confirmation.ts"
import type { Told } from "./watermark.ts"

/** How many events of callbacks are kept for comparison. The latest are kept. */
const toldEventsMax = 10

/**
 * What callbacks have reported about the decision, until an answer of the bank settles it. An answer settles it if it
 * agrees with the callbacks. An answer to a quote also settles it if the quote was sent more than the grace after the
 * last callback. An earlier answer may come from a replica that has not seen the callback yet.
 */
export function toldAfter(
  { told: before, schedule }: { readonly told: Told | undefined; readonly schedule: PollSchedule },
  observation: Observation,
  { loan, disposition }: Decision,
  settings: CadenceSettings,
): Told | undefined {
  const { source, events, receivedAt } = observation
  const graceMs = graceMsOf(settings)
  const isStrange = disposition === "held" && (source !== "callback" || isStrangers(loan, observation))
  if (isStrange) return before
  if (source === "callback" && events.some(isOfDecision)) {
    const isOpen = before !== undefined && (schedule.confirm || receivedAt <= before.at + graceMs)
    return { at: receivedAt, said: [...(isOpen ? before.said : []), ...events].slice(-toldEventsMax) }
  }
  if (before === undefined || isRuling(observation)) return undefined
  // Only an answer to a quote contains the decision.
  if (source !== "quote") return before
  const isSure = events.every(({ at }) => at > before.at + graceMs)
  return isSure || !isDenied(before, loan) ? undefined : before
}

const isDenied = ({ said }: Told, { facts }: Loan): boolean => said.some((event) => isAgainst(facts, event))

const isOfDecision = ({ type }: LoanEvent): boolean =>
  isVerdict(type) || type === "agreement.signed" || type === "loan.paidOut"

const isVerdict = (type: LoanEvent["type"]): boolean =>
  type === "decision.pending" || type === "decision.approved" || type === "decision.rejected"

/**
 * Plans a poll if the bank's answer contradicts a recent callback. The poll is sent as soon as its answer
 * can overrule the callback.
 */
export function soonAfterDenial(
  next: PollSchedule,
  told: Told | undefined,
  observation: Observation,
  { loan, disposition }: Decision,
  settings: CadenceSettings,
): PollSchedule {
  if (told === undefined || !isAnswer(observation) || disposition === "held" || !isDenied(told, loan))
    return next
  const graceEndsAt = told.at + graceMsOf(settings)
  // After the grace, a quote's answer has removed `told` already. An answer to a status poll changes nothing.
  if (observation.source === "poll" && observation.receivedAt > graceEndsAt) return next
  const soonMs = Math.ceil(settings.pollSoonMs * settings.pollIntervalScale)
  const counts = Math.max(graceEndsAt, observation.receivedAt) + soonMs
  return { ...next, confirm: true, nextPollAt: Math.min(next.nextPollAt ?? Infinity, counts) }
}
