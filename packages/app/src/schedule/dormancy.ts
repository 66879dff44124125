import { standInPrefix } from "@loan-engine/adapters-http/message/message"
import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import { isClosed, isUnspokenOf, lastWordAt } from "@loan-engine/domain/standing"
import type { CadenceSettings, Horizons, PollSchedule } from "./poll-cadence.ts"
import { dayMs, dormantMs, intervalMs } from "./poll-cadence.ts"

/*
 * How polling ends if the bank says nothing more. Each stage has a horizon, counted from the last time that anybody
 * said anything. After it the loan is dormant. It is polled every week, later every month, and then no more. A closed
 * loan goes to monthly polls at once. All of this follows from the times in the facts; no other state is kept.
 */

export const horizonOf: { readonly [S in Stage]: keyof Horizons } = {
  submitted: "submittedHorizonDays",
  manualInspection: "manualInspectionHorizonDays",
  approved: "approvedHorizonDays",
  waitingForAddition: "waitingForAdditionHorizonDays",
  signed: "signedHorizonDays",
  disputed: "unconfirmedHorizonDays",
  rejected: "unconfirmedHorizonDays",
  paidOut: "unconfirmedHorizonDays",
}

/**
 * In these stages the bank must act, and a person should ask it why it does not. In the others, the customer has
 * usually gone elsewhere.
 */
export const bankActs: ReadonlySet<Stage> = new Set(["submitted", "manualInspection", "signed", "disputed"])

/**
 * Dormant loans that a person may want to close: the bank has neither paid them out nor rejected them, and nobody has
 * signed.
 */
export const closable: ReadonlySet<Stage> = new Set([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** How a dormant loan is polled. */
export interface Rest {
  /** `null`: never. */
  readonly intervalMs: number | null
  /** Whether a person should look at it. */
  readonly stalled: boolean
}

/** The loan's dormancy now. `undefined` if it is not dormant. */
export function restOf(
  loan: Loan,
  attempts: number,
  now: Instant,
  settings: CadenceSettings,
): Rest | undefined {
  const { stage, facts } = loan
  const scale = settings.pollIntervalScale
  const silentDays = silentMs(loan, attempts, now, settings) / (dayMs * scale)
  if (isClosed(facts)) {
    const isOver = silentDays >= settings.closedMonthlyDays
    return { intervalMs: isOver ? null : dormantMs.monthly * scale, stalled: false }
  }
  const dormantDays = silentDays - settings[horizonOf[stage]]
  if (dormantDays < 0) return undefined
  // If nobody trusted ever spoke about a reference, anybody may have invented it.
  const stalled = bankActs.has(stage) && !isUnspokenOf(loan)
  const { dormantWeeklyDays, dormantMonthlyDays } = settings
  if (dormantDays < dormantWeeklyDays) return { intervalMs: dormantMs.weekly * scale, stalled }
  const isOver = dormantDays >= dormantWeeklyDays + dormantMonthlyDays && mayBeGivenUp(loan)
  return { intervalMs: isOver ? null : dormantMs.monthly * scale, stalled }
}

/**
 * If the facts of a loan contain no time, polling ends only if the loan may not exist. A registered loan is polled
 * every month.
 */
const mayBeGivenUp = (loan: Loan): boolean => lastWordAt(loan.facts) > 0 || isUnspokenOf(loan)

/**
 * How long nothing new was said about a loan. If the facts contain no time, because nothing that counts was ever said,
 * it is the time of its polls so far in the stage's cadence.
 */
function silentMs(loan: Loan, attempts: number, now: Instant, settings: CadenceSettings): number {
  const spokenAt = lastWordAt(loan.facts)
  if (spokenAt > 0) return now - spokenAt
  let passedMs = 0
  for (let poll = 0; poll < attempts; poll++) passedMs += intervalMs(loan, poll, settings)
  return passedMs
}

/** How long an unfinished loan must have been silent before polling may end. */
export function restAfterMs(settings: CadenceSettings): number {
  const horizonDays = Math.min(...Object.values(horizonOf).map((name) => settings[name]))
  const days = horizonDays + settings.dormantWeeklyDays + settings.dormantMonthlyDays
  return days * dayMs * settings.pollIntervalScale
}

/** Whether the next poll of an unfinished loan is after its stage's horizon, or never. */
export function isDormant(
  loan: Loan,
  { nextPollAt, attempts, confirm }: PollSchedule,
  settings: CadenceSettings,
): boolean {
  if (confirm || isClosed(loan.facts)) return false
  if (nextPollAt === null) return !mayRest(loan)
  return restOf(loan, attempts, nextPollAt, settings) !== undefined
}

/** Whether a dormant loan is one that a person may want to close. */
export const isClosable = ({ stage }: Loan): boolean => closable.has(stage)

/**
 * Whether polling of a loan may end. Only the bank's own word ends a loan, or a person who closes it. But a stand-in
 * reference means nothing to the bank, and a reference about which nobody trusted ever spoke may not be a loan.
 */
export function mayRest(loan: Loan): boolean {
  return (
    loan.stage === "paidOut" ||
    isRejectedByBank(loan) ||
    isClosed(loan.facts) ||
    isUnspokenOf(loan) ||
    loan.applicationReference.startsWith(standInPrefix)
  )
}

export const isRejectedByBank = ({ stage, facts: { ruling } }: Loan): boolean =>
  stage === "rejected" && ruling?.decision === "rejected" && ruling.by === null
