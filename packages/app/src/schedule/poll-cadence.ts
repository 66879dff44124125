import { retryAfterSecondsMax } from "@loan-engine/adapters-http/bank/ask"
import type { Loan } from "@loan-engine/domain/loan"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { isAdditionOutstanding, isClosed, isOfferUnheard, isPaidOut } from "@loan-engine/domain/standing"
import { Schema } from "effect"

/** What a poll asks the bank: `status` is getApplicationStatus, `quote` getApplicationQuote. */
export const PollQuestion = Schema.Literals(["status", "quote"])
export type PollQuestion = typeof PollQuestion.Type

/**
 * When the bank is to be asked about a loan next, and how often it has been since the loan last moved. It is data in the
 * loan's row, never a timer: a restart, or a million open loans, cost nothing.
 */
export const PollSchedule = Schema.Struct({
  /** `null`: never again, because the end was confirmed by the bank's own answer. */
  nextPollAt: Schema.NullOr(Schema.Int),
  /** Polls since the loan's facts last moved on. */
  attempts: Schema.Natural,
  /** The next poll is to confirm something we do not trust, or inferred: it asks every question. */
  confirm: Schema.Boolean,
  /** Set while a person should look: it has been silent for longer than it should, or only a person can tell what was said. */
  stalled: Schema.Boolean,
})
export type PollSchedule = typeof PollSchedule.Type

export const neverPolled: PollSchedule = { nextPollAt: null, attempts: 0, confirm: false, stalled: false }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs
/** How often a loan is asked about that has long been silent, and later. */
export const dormantMs = { weekly: 7 * dayMs, monthly: 30 * dayMs } as const

/** How a loan is watched while it stands at one stage and nothing new is heard of it. */
export interface Cadence {
  readonly questions: ReadonlyArray<PollQuestion>
  readonly firstMs: number
  /** After so many polls without news the interval begins to grow. */
  readonly steadyPolls: number
  /** What the interval is multiplied by from one poll to the next, until it is a day. */
  readonly growth: number
}

/**
 * The cadence of each stage. Where a change is to be expected at any hour, the interval is short and grows slowly, in
 * proportion to the time that has passed; where people have something to do first, and it is known that they mostly do it,
 * it is steady for days and then grows fast, because whoever is silent by then will mostly stay so. docs/polling.md says on
 * which assumptions, and what it comes to.
 *
 * getApplicationStatus cannot tell a decision, so while that is open getApplicationQuote is asked. During manual inspection
 * the status is asked as well: the bank may wait for documents then, and nothing but a callback, which may be lost, would
 * say so.
 */
export const cadences: { readonly [S in Stage]: Cadence } = {
  submitted: { questions: ["quote"], firstMs: 5 * minuteMs, steadyPolls: 0, growth: 1.6 },
  manualInspection: {
    questions: ["status", "quote"],
    firstMs: 1.75 * hourMs,
    steadyPolls: 8,
    growth: 1.05,
  },
  approved: { questions: ["status"], firstMs: hourMs, steadyPolls: 0, growth: 1.07 },
  waitingForAddition: { questions: ["status"], firstMs: 4 * hourMs, steadyPolls: 40, growth: 1.2 },
  signed: { questions: ["status"], firstMs: 4 * hourMs, steadyPolls: 48, growth: 1.5 },
  paidOut: { questions: ["status"], firstMs: 5 * minuteMs, steadyPolls: 0, growth: 2 },
  rejected: { questions: ["quote"], firstMs: 5 * minuteMs, steadyPolls: 0, growth: 2 },
  disputed: { questions: ["status", "quote"], firstMs: minuteMs, steadyPolls: 0, growth: 2 },
}

/** What holds for every stage. Each can be set by the environment under its own name. */
export interface CadenceLimits {
  /** The longest interval while a loan may still move by itself. */
  readonly pollIntervalMaxMs: number
  /** How soon an inferred step or a new request for documents is looked into. */
  readonly pollSoonMs: number
  /** How soon a confirmation that brought no answer is tried again, if not sooner anyway. */
  readonly pollConfirmRetryMs: number
  /** How many polls in a row may bring no answer before a disputed loan counts as stalled, and a person must rule. */
  readonly pollConfirmAttemptsMax: number
  /** How many polls in a row may bring nothing before the loan counts as stalled. */
  readonly pollAttemptsMax: number
  /** The interval once a loan is stalled. It is never given up. */
  readonly pollStalledMs: number
  /** How far what the bank answers may lag behind what it said by callback: no answer that is asked for sooner clears a request. */
  readonly additionGraceMs: number
  /** Every so many polls, an approved loan's decision is asked for too: a reversal would show nowhere else. */
  readonly pollsPerQuote: number
  /** How far an interval may stray either way, in percent of it. */
  readonly pollJitterPercent: number
}

export const cadenceLimitsDefault: CadenceLimits = {
  pollIntervalMaxMs: dayMs,
  pollSoonMs: 10_000,
  pollConfirmRetryMs: 15 * minuteMs,
  pollConfirmAttemptsMax: 6,
  pollAttemptsMax: 90,
  pollStalledMs: 7 * dayMs,
  additionGraceMs: minuteMs,
  pollsPerQuote: 4,
  pollJitterPercent: 20,
}

/** How long the bank is asked about a loan of which it says nothing new, in days since it last did. */
export interface Horizons {
  readonly submittedHorizonDays: number
  readonly manualInspectionHorizonDays: number
  readonly approvedHorizonDays: number
  readonly waitingForAdditionHorizonDays: number
  readonly signedHorizonDays: number
  /** Of what is still to be confirmed: a dispute, a rejection or a pay-out. */
  readonly unconfirmedHorizonDays: number
  /** How long beyond its horizon a loan is asked about every week. */
  readonly dormantWeeklyDays: number
  /** How long after that every month; then no more. */
  readonly dormantMonthlyDays: number
  /** How long a closed loan is asked about every month; 0 for not at all. */
  readonly closedMonthlyDays: number
}

export const horizonsDefault: Horizons = {
  submittedHorizonDays: 30,
  manualInspectionHorizonDays: 30,
  approvedHorizonDays: 30,
  waitingForAdditionHorizonDays: 30,
  signedHorizonDays: 60,
  unconfirmedHorizonDays: 60,
  dormantWeeklyDays: 56,
  dormantMonthlyDays: 180,
  closedMonthlyDays: 180,
}

export interface CadenceSettings extends CadenceLimits, Horizons {
  /** Multiplies every interval; below 1 for a bank whose time runs faster than ours, as a sandbox's may. */
  readonly pollIntervalScale: number
}

export const cadenceDefaults: CadenceSettings = {
  pollIntervalScale: 1,
  ...cadenceLimitsDefault,
  ...horizonsDefault,
}

/** How much later than a request for documents an answer must have been asked for to clear it. */
export const graceMsOf = ({ additionGraceMs, pollIntervalScale }: CadenceSettings): number =>
  Math.ceil(additionGraceMs * pollIntervalScale)

/**
 * How far ahead a poll can be planned at most: after the longest interval, or the longest that a bank may ask us to wait, and
 * a day more. What lies further ahead was planned by a clock that was wrong.
 */
export function planAheadMsMax(settings: CadenceSettings): number {
  const { pollIntervalMaxMs, pollStalledMs, pollConfirmRetryMs } = settings
  const longestMs = Math.max(pollIntervalMaxMs, pollStalledMs, pollConfirmRetryMs, dormantMs.monthly)
  const strayedMs = longestMs * settings.pollIntervalScale * (1 + settings.pollJitterPercent / 100)
  return Math.ceil(Math.max(strayedMs, retryAfterSecondsMax * 1_000)) + dayMs
}

/**
 * What the next poll of a loan asks, in this order. The quote comes last, because a fresh decision rules over what was
 * heard before it; only a pay-out is confirmed by the status.
 */
export function pollQuestions(
  loan: Loan,
  schedule: PollSchedule,
  settings: CadenceSettings,
): ReadonlyArray<PollQuestion> {
  const { questions } = cadences[loan.stage]
  const asked = new Set<PollQuestion>(schedule.confirm ? both : questions)
  if (onItsWay.has(loan.stage)) {
    if (isAdditionOutstanding(loan.facts)) asked.add("status")
    const quoteIsDue = schedule.attempts % settings.pollsPerQuote === settings.pollsPerQuote - 1
    if (isOfferUnheard(loan.facts) || quoteIsDue) asked.add("quote")
  }
  // Asked so rarely, the bank may have gone on by several steps, or back.
  if (isClosed(loan.facts)) both.forEach((question) => asked.add(question))
  // The bank rejects what it was once said to have paid out: its status must deny that before the end is believed.
  if (loan.stage === "rejected" && isPaidOut(loan.facts)) asked.add("status")
  const order: ReadonlyArray<PollQuestion> =
    loan.stage === "paidOut" ? ["quote", "status"] : ["status", "quote"]
  return order.filter((question) => asked.has(question))
}

const both: ReadonlyArray<PollQuestion> = ["status", "quote"]

/** The stages from which a loan may still move by itself. */
const onItsWay: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
  "signed",
])

/** How long to wait for the next poll of a loan that has been silent for so many polls. */
export function intervalMs(loan: Loan, attempts: number, settings: CadenceSettings): number {
  const { firstMs, steadyPolls, growth } = cadences[loan.stage]
  const grown = firstMs * growth ** Math.max(0, attempts - steadyPolls)
  return Math.min(grown, settings.pollIntervalMaxMs) * settings.pollIntervalScale
}

/** `jitter` is a random number from 0 to 1: in its middle, the wait is as it was. */
export const jittered = (waitMs: number, settings: CadenceSettings, jitter: number): number =>
  Math.max(1, Math.round(waitMs * (1 + (settings.pollJitterPercent / 100) * (2 * jitter - 1))))
