import { retryAfterSecondsMax } from "@loan-engine/adapters-http/bank/ask"
import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { Loan } from "@loan-engine/domain/loan"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { isAdditionOutstanding, isClosed, isOfferUnheard, isPaidOut } from "@loan-engine/domain/standing"
import { Schema } from "effect"

/** The questions of a poll: `status` is getApplicationStatus, `quote` is getApplicationQuote. */
export const PollQuestion = Schema.Literals(["status", "quote"])
export type PollQuestion = typeof PollQuestion.Type

/**
 * When a loan is polled next, and how often it was polled since its last news. This is data in the loan's row and not
 * a timer. So a restart costs nothing, and neither do a million open loans.
 */
export const PollSchedule = Schema.Struct({
  /** `null`: no more polls. For example, the bank's own answer has confirmed the end. */
  nextPollAt: Schema.NullOr(Schema.Int),
  /** How many polls were made since the facts last changed. */
  attempts: Schema.Natural,
  /**
   * The next poll must confirm a step that was inferred, or a message that is not trusted. Such a poll asks every
   * question.
   */
  confirm: Schema.Boolean,
  /**
   * Set while a person should look at the loan: the bank was silent for too long, or only a person can understand
   * what was received.
   */
  stalled: Schema.Boolean,
})
export type PollSchedule = typeof PollSchedule.Type

export const neverPolled: PollSchedule = { nextPollAt: null, attempts: 0, confirm: false, stalled: false }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs
/** How often a dormant loan is polled, at first and later. */
export const dormantMs = { weekly: 7 * dayMs, monthly: 30 * dayMs } as const

/** How a loan is polled while it stays in one stage without news. */
export interface Cadence {
  readonly questions: ReadonlyArray<PollQuestion>
  readonly firstMs: number
  /** The interval grows after this many polls without news. */
  readonly steadyPolls: number
  /** By this factor each interval is longer than the one before, until the interval is a day. */
  readonly growth: number
}

/**
 * The cadence of each stage. If the bank may act at any hour, the interval starts short and grows slowly, in
 * proportion to the time that has passed. If people must act first, the interval is constant for days and then grows
 * fast: a customer who has not acted by then usually never acts. docs/polling.md explains the assumptions and the
 * cost.
 *
 * getApplicationStatus contains no decision, so the engine asks getApplicationQuote while the decision is open.
 * During manual inspection it asks for the status too: the bank may then wait for documents. Otherwise only a
 * callback would say so, and a callback can be lost.
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

/** Limits for every stage. */
export const cadenceLimits = {
  pollIntervalMaxMs: limit(dayMs, "the longest poll interval of a loan that may still change"),
  pollSoonMs: limit(10_000, "how soon the engine confirms an inferred step or a request for documents"),
  pollConfirmRetryMs: limit(15 * minuteMs, "how soon the engine repeats a confirmation that got no answer"),
  pollConfirmAttemptsMax: limit(
    6,
    "how many polls in a row without an answer make a loan stalled, while the loan is disputed or a callback waits for the bank's confirmation. Then a person must rule on the dispute, or ask the bank about the callback",
  ),
  pollAttemptsMax: limit(90, "how many polls without a change make a loan stalled"),
  pollUnnamedAttemptsMax: limit(
    12,
    "after how many polls the engine polls a loan that no trusted source has named only every month, if the bank answers with a fault. A new callback starts the polls again",
  ),
  pollStalledMs: limit(7 * dayMs, "the poll interval of a stalled loan"),
  // The bank's answers may lag behind its callbacks.
  additionGraceMs: limit(
    minuteMs,
    "how far the bank's answers may lag behind its callbacks. If the engine polls sooner after a callback, the answer clears no request for documents. If such an answer denies the callback, the engine polls again",
  ),
  // Only a quote shows that the bank has reversed its decision.
  pollsPerQuote: limit(
    4,
    "how often a poll of an approved loan also asks for the decision: 4 means every fourth poll",
  ),
  pollJitterPercent: limit(20, "the random variation of a poll interval, in percent up or down"),
}

/** How long a loan is polled without news, in days since the latest news. */
export const horizons = {
  submittedHorizonDays: limit(30, "how many days without a change make a submitted loan dormant"),
  manualInspectionHorizonDays: limit(
    30,
    "how many days without a change make a loan in manual inspection dormant",
  ),
  approvedHorizonDays: limit(
    30,
    "how many days without a change make an approved loan dormant, if the customer does not sign",
  ),
  waitingForAdditionHorizonDays: limit(
    30,
    "how many days without a change make a loan dormant, if the customer does not send the documents",
  ),
  signedHorizonDays: limit(
    60,
    "how many days without a change make a signed loan dormant, if the bank does not pay out",
  ),
  unconfirmedHorizonDays: limit(
    60,
    "how many days without a change make a loan dormant, if it is disputed, or if the bank has not confirmed its rejection or pay-out",
  ),
  dormantWeeklyDays: limit(56, "for how many days the engine polls a dormant loan every week"),
  dormantMonthlyDays: limit(
    180,
    "for how many days after the weekly polls the engine polls a dormant loan every month. Then it stops polling",
  ),
  closedMonthlyDays: limit(
    180,
    "for how many days the engine polls a closed loan every month. With 0, it never polls a closed loan",
  ),
}
export type Horizons = LimitsOf<typeof horizons>

export const horizonsDefault = defaultsOf(horizons)

export interface CadenceSettings extends LimitsOf<typeof cadenceLimits>, Horizons {
  /** The factor of every interval. It is below 1 if the bank's time runs faster, as in a sandbox. */
  readonly pollIntervalScale: number
}

export const cadenceDefaults: CadenceSettings = {
  pollIntervalScale: 1,
  ...defaultsOf(cadenceLimits),
  ...horizonsDefault,
}

/**
 * The grace, in milliseconds. An answer can clear a request for documents only if its poll was sent this much later
 * than the request.
 */
export const graceMsOf = ({ additionGraceMs, pollIntervalScale }: CadenceSettings): number =>
  Math.ceil(additionGraceMs * pollIntervalScale)

/**
 * How far ahead a poll can be planned: the longest interval, or the longest wait that a bank may ask for, plus one
 * day. If a poll is planned for a later time, a wrong clock planned it.
 */
export function planAheadMsMax(settings: CadenceSettings): number {
  const { pollIntervalMaxMs, pollStalledMs, pollConfirmRetryMs } = settings
  const longestMs = Math.max(pollIntervalMaxMs, pollStalledMs, pollConfirmRetryMs, dormantMs.monthly)
  const strayedMs = longestMs * settings.pollIntervalScale * (1 + settings.pollJitterPercent / 100)
  return Math.ceil(Math.max(strayedMs, retryAfterSecondsMax * 1_000)) + dayMs
}

/**
 * The questions of a loan's next poll, in order. The quote comes last, because a fresh decision overrules everything
 * that was received before it. Only for a paid-out loan is the status last, because the status confirms a pay-out.
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
  // Polls of a closed loan are rare. Between two of them, the bank may have moved by several steps, forwards or back.
  if (isClosed(loan.facts)) both.forEach((question) => asked.add(question))
  // The bank rejects a loan that it once reported as paid out. The loan has ended only if the bank's status also
  // denies the pay-out.
  if (loan.stage === "rejected" && isPaidOut(loan.facts)) asked.add("status")
  const order: ReadonlyArray<PollQuestion> =
    loan.stage === "paidOut" ? ["quote", "status"] : ["status", "quote"]
  return order.filter((question) => asked.has(question))
}

const both: ReadonlyArray<PollQuestion> = ["status", "quote"]

/** In these stages a loan may still move without a ruling. */
const onItsWay: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
  "signed",
])

/** How long to wait for a loan's next poll, after this many polls without news. */
export function intervalMs(loan: Loan, attempts: number, settings: CadenceSettings): number {
  const { firstMs, steadyPolls, growth } = cadences[loan.stage]
  const grown = firstMs * growth ** Math.max(0, attempts - steadyPolls)
  return Math.min(grown, settings.pollIntervalMaxMs) * settings.pollIntervalScale
}

/** Varies a wait by chance. `jitter` is a random number from 0 to 1. At 0.5, the wait is unchanged. */
export const jittered = (waitMs: number, settings: CadenceSettings, jitter: number): number =>
  Math.max(1, Math.round(waitMs * (1 + (settings.pollJitterPercent / 100) * (2 * jitter - 1))))
