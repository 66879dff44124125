import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Observation } from "@loan-engine/domain/observation"
import { isAdditionOutstanding, standing } from "@loan-engine/domain/standing"
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
  /** Set while the loan has been silent for longer than it should; a person may want to look. */
  stalled: Schema.Boolean,
})
export type PollSchedule = typeof PollSchedule.Type

export const neverPolled: PollSchedule = { nextPollAt: null, attempts: 0, confirm: false, stalled: false }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

interface Cadence {
  readonly questions: ReadonlyArray<PollQuestion>
  readonly firstMs: number
  readonly factor: number
}

/**
 * How a loan is watched in each stage. The interval begins at `firstMs` and grows by `factor` to a daily tail.
 * getApplicationStatus cannot tell a decision, so while that is open getApplicationQuote is asked. During manual inspection
 * the status is asked as well: the bank may wait for documents then, and nothing but a callback, which may be lost, would
 * say so.
 */
const cadences: { readonly [S in Stage]: Cadence } = {
  submitted: { questions: ["quote"], firstMs: 5 * minuteMs, factor: 1.6 },
  manualInspection: { questions: ["status", "quote"], firstMs: 30 * minuteMs, factor: 1.4 },
  approved: { questions: ["status"], firstMs: 30 * minuteMs, factor: 1.4 },
  waitingForAddition: { questions: ["status"], firstMs: 30 * minuteMs, factor: 1.4 },
  signed: { questions: ["status"], firstMs: hourMs, factor: 1.4 },
  paidOut: { questions: ["status"], firstMs: 5 * minuteMs, factor: 2 },
  rejected: { questions: ["quote"], firstMs: 5 * minuteMs, factor: 2 },
  disputed: { questions: ["status", "quote"], firstMs: minuteMs, factor: 2 },
}

/** What holds for every stage. Each can be set by the environment under its own name. */
export interface CadenceLimits {
  /** The longest interval while a loan may still move by itself. */
  readonly pollIntervalMaxMs: number
  /** How soon an inferred step or a new request for documents is looked into. */
  readonly pollSoonMs: number
  /** How many polls in a row may bring nothing before the loan counts as stalled. */
  readonly pollAttemptsMax: number
  /** The interval once a loan is stalled. It is never given up. */
  readonly pollStalledMs: number
  /** Every so many polls, an approved loan's decision is asked for too: a reversal would show nowhere else. */
  readonly pollsPerQuote: number
  /** How far an interval may stray either way, in percent of it. */
  readonly pollJitterPercent: number
}

export const cadenceLimitsDefault: CadenceLimits = {
  pollIntervalMaxMs: dayMs,
  pollSoonMs: 10_000,
  pollAttemptsMax: 60,
  pollStalledMs: 7 * dayMs,
  pollsPerQuote: 4,
  pollJitterPercent: 20,
}

export interface CadenceSettings extends CadenceLimits {
  /** Multiplies every interval; below 1 for a bank whose time runs faster than ours, as a sandbox's may. */
  readonly pollIntervalScale: number
}

export const cadenceDefaults: CadenceSettings = { pollIntervalScale: 1, ...cadenceLimitsDefault }

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
  const asked = new Set<PollQuestion>(schedule.confirm ? ["status", "quote"] : questions)
  if (onItsWay.has(loan.stage)) {
    if (isAdditionOutstanding(loan.facts)) asked.add("status")
    const offerUnknown = loan.facts.offers.length === 0 && loan.facts.ruling === null
    const quoteIsDue = schedule.attempts % settings.pollsPerQuote === settings.pollsPerQuote - 1
    if (offerUnknown || quoteIsDue) asked.add("quote")
  }
  const order: ReadonlyArray<PollQuestion> =
    loan.stage === "paidOut" ? ["quote", "status"] : ["status", "quote"]
  return order.filter((question) => asked.has(question))
}

/** The stages from which a loan may still move by itself. */
const onItsWay: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
  "signed",
])

/** A loan, and when it is to be asked about, as they were before something happened. */
export interface Scheduled {
  readonly loan: Loan
  readonly schedule: PollSchedule
}

/** The schedule after an observation was decided. `jitter` is a random number from 0 to 1, drawn by the caller. */
export function scheduleAfter(
  { loan: asked, schedule: before }: Scheduled,
  observation: Observation,
  decision: Decision,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const { loan, disposition } = decision
  const now = observation.receivedAt
  if (disposition === "held" || isOverruledWord(loan, observation)) {
    return { ...before, nextPollAt: now, confirm: true }
  }
  if (isConfirmedEnd(loan, observation)) return { ...neverPolled, attempts: before.attempts }
  if (isAnswer(observation)) {
    const isLast = questionOf(observation) === pollQuestions(asked, before, settings).at(-1)
    return afterAnswer(before, decision, isLast, now, settings, jitter)
  }
  if (disposition === "repeated") return before
  const soon = decision.steps.some((step) => step.inferred) || decision.news.includes("addition")
  const fresh: PollSchedule = { nextPollAt: null, attempts: 0, confirm: soon, stalled: false }
  const waitMs = soon ? settings.pollSoonMs * settings.pollIntervalScale : intervalMs(loan, 0, settings)
  return { ...fresh, nextPollAt: now + jittered(waitMs, settings, jitter) }
}

/** The schedule after a poll that brought no answer: as after one that brought nothing new, but not before `retryAfterMs`. */
export function scheduleAfterFailure(
  loan: Loan,
  before: PollSchedule,
  now: Instant,
  retryAfterMs: number,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const next = later(loan, before, now, settings, jitter)
  return { ...next, confirm: before.confirm, nextPollAt: Math.max(next.nextPollAt ?? 0, now + retryAfterMs) }
}

/** The schedule after a poll that was not sent, because the bank is to be left alone for `waitMs`: it is still to be made. */
export function scheduleUnasked(
  before: PollSchedule,
  now: Instant,
  waitMs: number,
  settings: CadenceSettings,
): PollSchedule {
  return { ...before, nextPollAt: now + Math.max(waitMs, settings.pollSoonMs * settings.pollIntervalScale) }
}

/** A poll counts once, however many questions it asks: with its last answer, or with the one that brought news. */
function afterAnswer(
  before: PollSchedule,
  decision: Decision,
  isLast: boolean,
  now: Instant,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  // A confirmation that has fallen due since was asked for by what came after this poll was begun.
  const confirmIsDue = before.confirm && before.nextPollAt !== null && before.nextPollAt <= now
  if (confirmIsDue) return before
  const moved = decision.steps.length > 0 || decision.news.length > 0
  if (!moved && !isLast) return before
  return later(decision.loan, moved ? { ...before, attempts: -1 } : before, now, settings, jitter)
}

function later(
  loan: Loan,
  before: PollSchedule,
  now: Instant,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const attempts = before.attempts + 1
  const stalled = attempts >= settings.pollAttemptsMax
  const waitMs = stalled
    ? settings.pollStalledMs * settings.pollIntervalScale
    : intervalMs(loan, attempts, settings)
  return { nextPollAt: now + jittered(waitMs, settings, jitter), attempts, confirm: false, stalled }
}

function intervalMs(loan: Loan, attempts: number, settings: CadenceSettings): number {
  const { firstMs, factor } = cadences[loan.stage]
  return Math.min(firstMs * factor ** attempts, settings.pollIntervalMaxMs) * settings.pollIntervalScale
}

const jittered = (waitMs: number, settings: CadenceSettings, jitter: number): number =>
  Math.max(1, Math.round(waitMs * (1 + (settings.pollJitterPercent / 100) * (2 * jitter - 1))))

const isAnswer = (observation: Observation): boolean =>
  observation.source === "poll" || observation.source === "quote"

const questionOf = ({ source }: Observation): PollQuestion => (source === "poll" ? "status" : "quote")

/** Whether the bank itself, asked by us, has said that the loan's life is over. */
function isConfirmedEnd(loan: Loan, observation: Observation): boolean {
  const { ruling } = loan.facts
  if (loan.stage === "rejected") return ruling?.decision === "rejected" && ruling.by === null
  if (loan.stage !== "paidOut") return false
  return observation.source === "poll" && observation.events.some((event) => event.type === "loan.paidOut")
}

/** An overruled verdict heard again: most likely a stale re-delivery, but only the bank can tell. */
function isOverruledWord(loan: Loan, observation: Observation): boolean {
  if (observation.source !== "callback") return false
  const stands = standing(loan.facts)
  return observation.events.some(
    (event) =>
      (event.type === "decision.approved" && stands === "rejected") ||
      (event.type === "decision.rejected" && stands === "approved"),
  )
}
