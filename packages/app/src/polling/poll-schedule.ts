import type { Instant } from "@loan-engine/domain/instant"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { standing } from "@loan-engine/domain/standing"
import type { CadenceSettings, PollQuestion, PollSchedule } from "./poll-cadence.ts"
import { intervalMs, jittered, neverPolled, pollQuestions } from "./poll-cadence.ts"

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
  // The bank knows no such loan, so only a person can tell which one is meant.
  if (observation.hold === "reference-unusable") return { ...before, stalled: true }
  const isUnasked = disposition === "held" && !isAnswer(observation)
  if (isUnasked || isUndecided(observation) || isOverruledWord(loan, observation)) {
    return { ...before, nextPollAt: now, confirm: true }
  }
  if (isConfirmedEnd(loan, observation)) return { ...neverPolled, attempts: before.attempts }
  if (isAnswer(observation)) {
    const isLast = questionOf(observation) === pollQuestions(asked, before, settings).at(-1)
    const next = afterAnswer(before, decision, isLast, now, settings, jitter)
    // The bank itself has been asked, and its answer is no help: a person has to look.
    return observation.hold === "unknown-event-type" ? { ...next, stalled: true } : next
  }
  if (disposition === "repeated") return before
  const soon =
    decision.steps.some((step) => step.inferred) ||
    decision.news.includes("addition") ||
    isOfferIncomplete(observation)
  const fresh: PollSchedule = { nextPollAt: null, attempts: 0, confirm: soon, stalled: false }
  const waitMs = soon ? settings.pollSoonMs * settings.pollIntervalScale : intervalMs(loan, 0, settings)
  return { ...fresh, nextPollAt: now + jittered(waitMs, settings, jitter) }
}

/**
 * The schedule after a poll that brought no answer: as after one that brought nothing new, but not before `retryAfterMs`, and
 * sooner if it was to confirm something.
 */
export function scheduleAfterFailure(
  loan: Loan,
  before: PollSchedule,
  now: Instant,
  retryAfterMs: number,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const next = later(loan, before, now, settings, jitter)
  const retryMs = settings.pollConfirmRetryMs * settings.pollIntervalScale
  const latest = before.confirm ? now + jittered(retryMs, settings, jitter) : Infinity
  const nextPollAt = Math.max(Math.min(next.nextPollAt ?? latest, latest), now + retryAfterMs)
  return { ...next, confirm: before.confirm, nextPollAt }
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
  const moved = decision.steps.length > 0 || decision.news.length > 0
  // A confirmation that has fallen due since was asked for by what came after this poll was begun.
  const confirmIsDue = before.confirm && before.nextPollAt !== null && before.nextPollAt <= now
  if (confirmIsDue) return moved ? { ...before, attempts: 0, stalled: false } : before
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

const isAnswer = (observation: Observation): boolean =>
  observation.source === "poll" || observation.source === "quote"

const questionOf = ({ source }: Observation): PollQuestion => (source === "poll" ? "status" : "quote")

/** Whether a loan may be asked about no more: only the bank's own word ends it. */
export function mayRest({ facts: { ruling }, stage }: Loan): boolean {
  return (
    stage === "paidOut" || (stage === "rejected" && ruling?.decision === "rejected" && ruling.by === null)
  )
}

/** Whether the bank itself, asked by us, has said that the loan's life is over. */
function isConfirmedEnd(loan: Loan, observation: Observation): boolean {
  if (!mayRest(loan)) return false
  if (loan.stage === "rejected") return true
  return observation.source === "poll" && observation.events.some((event) => event.type === "loan.paidOut")
}

/** A registration whose decision is not known: the bank is asked for it at once. */
const isUndecided = ({ source, leftOut = [] }: Observation): boolean =>
  source === "submission" && leftOut.includes("decision")

/** An approval whose offer could not be read as a whole: the bank's own answer may be easier to read. */
const isOfferIncomplete = ({ events, leftOut = [] }: Observation): boolean =>
  leftOut.length > 0 && events.some(({ type }) => type === "decision.approved")

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
