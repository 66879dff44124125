import type { Instant } from "@loan-engine/domain/instant"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import { isQuiet } from "@loan-engine/domain/quiet"
import type { Observation } from "@loan-engine/domain/observation"
import { isAdditionOutstanding, isClosed, isUnspokenOf } from "@loan-engine/domain/standing"
import {
  isAnswer,
  isConfirmedEnd,
  isDoubt,
  isOfferIncomplete,
  isRuling,
  isStrangers,
  isUndecided,
  questionOf,
} from "./confirmation.ts"
import { isDormant, isRejectedByBank, restOf } from "./dormancy.ts"
import type { CadenceSettings, PollSchedule } from "./poll-cadence.ts"
import { dormantMs, graceMsOf, intervalMs, jittered, neverPolled, pollQuestions } from "./poll-cadence.ts"

/** A loan and its poll schedule before an observation. */
export interface Scheduled {
  readonly loan: Loan
  readonly schedule: PollSchedule
}

/**
 * The schedule after an observation was decided. `jitter` is a random number from 0 to 1 that the caller draws. If
 * `hasBank` is false, the engine cannot poll the account's bank. Then a person must confirm what the bank would
 * otherwise confirm.
 */
export const scheduleAfter = (
  scheduled: Scheduled,
  observation: Observation,
  decision: Decision,
  settings: CadenceSettings,
  jitter: number,
  hasBank = true,
): PollSchedule =>
  forNobody(decision.loan, planned(scheduled, observation, decision, settings, jitter, hasBank))

/** A closed loan needs no person. */
const forNobody = ({ facts }: Loan, schedule: PollSchedule): PollSchedule =>
  schedule.stalled && isClosed(facts) ? { ...schedule, stalled: false } : schedule

function planned(
  { loan: asked, schedule: before }: Scheduled,
  observation: Observation,
  decision: Decision,
  settings: CadenceSettings,
  jitter: number,
  hasBank: boolean,
): PollSchedule {
  const { loan, disposition } = decision
  const now = observation.receivedAt
  // The bank knows no loan with this reference. Only a person can tell which loan is meant.
  if (observation.hold === "reference-unusable") return { ...before, stalled: true }
  const isUnasked = disposition === "held" && !isAnswer(observation)
  if (isUnasked || isUndecided(observation) || isDoubt(loan, observation)) {
    const confirm = !isStrangers(loan, observation)
    // In a dispute, the loan already needs a person if no bank can settle it.
    const isLeft = confirm && !hasBank && loan.stage !== "disputed"
    // A new doubt starts with new attempts, however often the loan was polled before.
    const attempts = before.confirm ? before.attempts : 0
    return { nextPollAt: now, attempts, confirm, stalled: before.stalled || isLeft }
  }
  const soonAt = now + jittered(settings.pollSoonMs * settings.pollIntervalScale, settings, jitter)
  const soon: PollSchedule = { nextPollAt: soonAt, attempts: 0, confirm: true, stalled: false }
  const isOrder = observation.source === "operator"
  if (isOrder && decision.closure === "reopened") return soon
  const isSoon =
    decision.closure === "reopened" ||
    decision.steps.some((step) => step.inferred) ||
    decision.news.includes("addition") ||
    isOfferIncomplete(observation)
  // A confirmation stays open until the bank has answered or a person has ruled.
  const isKept = hasBank && before.confirm && !isAnswer(observation) && !isRuling(observation)
  if (isKept && before.nextPollAt !== null)
    return isSoon ? { ...before, nextPollAt: Math.min(before.nextPollAt, soonAt) } : before
  if (isConfirmedEnd(loan, observation, before)) return { ...neverPolled, attempts: before.attempts }
  if (isAnswer(observation)) {
    const isLast = questionOf(observation) === pollQuestions(asked, before, settings).at(-1)
    const next = soonAfterGrace(
      afterAnswer(asked, before, decision, isLast, now, settings, jitter),
      decision.loan,
      settings,
    )
    // The bank was asked, but the engine cannot understand the answer. A person must look at it.
    return observation.hold === "unknown-event-type" ? { ...next, stalled: true } : next
  }
  // Any callback wakes up a dormant loan.
  const isWoken = observation.source === "callback" && isDormant(asked, before, settings)
  if (disposition === "repeated") return isWoken ? { ...soon, stalled: before.stalled } : before
  // A loan that has ended needs no polls, even if a person closes or reopens it.
  if (isOrder && before.nextPollAt === null && (loan.stage === "paidOut" || isRejectedByBank(loan)))
    return before
  if (isSoon) return soon
  const fresh: PollSchedule = { nextPollAt: null, attempts: 0, confirm: false, stalled: false }
  if (isClosed(loan.facts)) return rested(loan, fresh, now, settings, jitter)
  return { ...fresh, nextPollAt: now + jittered(intervalMs(loan, 0, settings), settings, jitter) }
}

/**
 * The schedule after a poll without an answer. It is as after a poll without news, with two exceptions: the next poll
 * is not earlier than `retryAfterMs`, and a confirmation is retried sooner. `isFault` says that the bank was reached,
 * but answered with a fault. Then a reference that nobody trusted has named is probably invented, so its polls become
 * rare.
 */
export function scheduleAfterFailure(
  loan: Loan,
  before: PollSchedule,
  now: Instant,
  { retryAfterMs, isFault }: { readonly retryAfterMs: number; readonly isFault: boolean },
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const attempts = before.attempts + 1
  const isUnnamed = isUnspokenOf(loan) && !before.confirm
  if (isUnnamed && isFault && attempts >= settings.pollUnnamedAttemptsMax) {
    const monthlyMs = dormantMs.monthly * settings.pollIntervalScale
    return { ...before, nextPollAt: now + jittered(monthlyMs, settings, jitter), attempts }
  }
  const isTired = !isUnnamed && attempts >= settings.pollAttemptsMax
  const retryMs = settings.pollConfirmRetryMs * settings.pollIntervalScale
  // If the answers about a loan can never be recorded, this limit prevents a poll every quarter of an hour.
  const dailyMs = settings.pollIntervalMaxMs * settings.pollIntervalScale
  const confirmMs = isTired ? dailyMs : retryMs
  const waitMs = before.confirm ? confirmMs : unansweredMs(loan, attempts, now, settings)
  const nextPollAt = now + Math.max(jittered(waitMs, settings, jitter), retryAfterMs)
  const isInDoubt = loan.stage === "disputed" || before.confirm
  const isLeft = isInDoubt && attempts >= settings.pollConfirmAttemptsMax
  const stalled = before.stalled || isTired || isLeft || isTooLate(loan, nextPollAt, settings)
  return forNobody(loan, { nextPollAt, attempts, confirm: before.confirm, stalled })
}

/**
 * The interval after a poll that got no answer. Polling never ends because a bank cannot be reached: only an answer
 * without news counts as silence.
 */
function unansweredMs(loan: Loan, attempts: number, now: Instant, settings: CadenceSettings): number {
  const rest = restOf(loan, attempts, now, settings)
  if (rest !== undefined) return rest.intervalMs ?? dormantMs.monthly * settings.pollIntervalScale
  return awakeMs(loan, attempts, attempts >= settings.pollAttemptsMax, settings)
}

/** The interval of a loan that is not dormant. */
const awakeMs = (loan: Loan, attempts: number, isStalled: boolean, settings: CadenceSettings): number =>
  isStalled ? settings.pollStalledMs * settings.pollIntervalScale : intervalMs(loan, attempts, settings)

/**
 * The schedule after a poll that was not sent, because the bank must be left alone for `waitMs`. The poll stays due.
 */
export function scheduleUnasked(
  loan: Loan,
  before: PollSchedule,
  now: Instant,
  waitMs: number,
  settings: CadenceSettings,
): PollSchedule {
  const nextPollAt = now + Math.max(waitMs, settings.pollSoonMs * settings.pollIntervalScale)
  return forNobody(loan, {
    ...before,
    stalled: before.stalled || isTooLate(loan, nextPollAt, settings),
    nextPollAt,
  })
}

/** Up to how much longer than necessary a poll is put off, by chance. So not all such loans are due again together. */
const putOffMsMax = 1_800_000

/**
 * The schedule after a poll was put off for at least `waitMs`, because too many loans may be invented. It is no
 * attempt, because the bank was not asked.
 */
export function scheduleAfterPutOff(
  before: PollSchedule,
  now: Instant,
  waitMs: number,
  { pollIntervalScale }: CadenceSettings,
  jitter: number,
): PollSchedule {
  return { ...before, nextPollAt: now + waitMs + Math.ceil(jitter * putOffMsMax * pollIntervalScale) }
}

/**
 * Whether the bank cannot be asked about a dispute before the time of all confirmation attempts is over. This happens
 * if the bank asked for a wait, or if the circuit breaker is open. A poll that was not sent is no attempt, so
 * attempts alone would call a person too late.
 */
function isTooLate(
  { stage, facts }: Loan,
  nextPollAt: Instant,
  { pollConfirmAttemptsMax, pollConfirmRetryMs, pollIntervalScale }: CadenceSettings,
): boolean {
  const { approvedAt, rejectedAt, signedAt, paidOutAt, ruling } = facts
  const heardAt = Math.max(...[approvedAt, rejectedAt, signedAt, paidOutAt, ruling?.at].map((at) => at ?? 0))
  const attemptsMs = pollConfirmAttemptsMax * pollConfirmRetryMs * pollIntervalScale
  return stage === "disputed" && nextPollAt - heardAt >= attemptsMs
}

/**
 * Plans the next poll earlier, if an answer says that the bank waits for no documents, but does not count: its poll was
 * sent too soon after the request for documents. The next poll is sent as soon as such an answer counts.
 */
function soonAfterGrace(next: PollSchedule, { facts }: Loan, settings: CadenceSettings): PollSchedule {
  const { additionRequestedAt: requestedAt, additionClearedAt: clearedAt } = facts
  if (requestedAt === null || clearedAt === null || next.nextPollAt === null) return next
  const graceMs = graceMsOf(settings)
  const isTooSoon = isAdditionOutstanding(facts) && clearedAt + graceMs >= requestedAt
  const counts = requestedAt + graceMs + Math.ceil(settings.pollSoonMs * settings.pollIntervalScale)
  return isTooSoon ? { ...next, nextPollAt: Math.min(next.nextPollAt, counts) } : next
}

/**
 * The schedule after an answer. A poll counts as one attempt, however many questions it asks. It is counted at its
 * last answer, or at the answer that brought news.
 */
function afterAnswer(
  asked: Loan,
  before: PollSchedule,
  decision: Decision,
  isLast: boolean,
  now: Instant,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const isOffered = decision.loan.facts.offers !== asked.facts.offers
  const moved =
    decision.steps.length > 0 || decision.news.length > 0 || decision.closure !== undefined || isOffered
  // A confirmation became due after this poll was started. It stays due.
  const confirmIsDue = before.confirm && before.nextPollAt !== null && before.nextPollAt <= now
  if (confirmIsDue) return moved ? { ...before, attempts: 0, stalled: false } : before
  if (!moved && !isLast) return before
  // An answer without news does not restart the horizon of a dormant loan.
  const wasResting = restOf(asked, before.attempts, now, settings) !== undefined
  const loan = wasResting && isQuiet(asked, decision) ? asked : decision.loan
  return later(loan, moved ? { ...before, attempts: -1 } : before, now, settings, jitter)
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
  return rested(loan, { nextPollAt: null, attempts, confirm: false, stalled }, now, settings, jitter)
}

/**
 * The schedule with the time of its next poll. An active loan is polled by its stage's cadence; a dormant loan rarely
 * or never.
 */
function rested(
  loan: Loan,
  { attempts, ...plan }: PollSchedule,
  now: Instant,
  settings: CadenceSettings,
  jitter: number,
): PollSchedule {
  const { stalled } = plan
  const awake = { stalled, intervalMs: awakeMs(loan, attempts, stalled, settings) }
  const rest = restOf(loan, attempts, now, settings) ?? awake
  const nextPollAt = rest.intervalMs === null ? null : now + jittered(rest.intervalMs, settings, jitter)
  return { ...plan, attempts, stalled: rest.stalled, nextPollAt }
}
