import { standInPrefix } from "@loan-engine/adapters-http/message/message"
import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import { isClosed, isUnspokenOf, lastWordAt } from "@loan-engine/domain/standing"
import type { CadenceSettings, Horizons, PollSchedule } from "./poll-cadence.ts"
import { dayMs, dormantMs, intervalMs } from "./poll-cadence.ts"

/*
 * How polling ends if the bank says nothing more. Each stage has a horizon, counted from the latest news. After the
 * horizon, the loan is dormant. The engine polls a dormant loan every week, later every month, and then no more. It
 * polls a closed loan every month at once. All of this follows from the times in the facts. No other state is kept.
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
 * In these stages the bank must act. If it does not, a person should ask it why. In the other stages, the customer
 * has usually gone elsewhere.
 */
export const bankActs: ReadonlySet<Stage> = new Set(["submitted", "manualInspection", "signed", "disputed"])

/**
 * The stages of dormant loans that a person may want to close: the bank has neither paid out nor rejected the loan,
 * and the customer has not signed.
 */
export const closable: ReadonlySet<Stage> = new Set([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** How the engine polls a dormant loan. */
export interface Rest {
  /** `null`: no more polls. */
  readonly intervalMs: number | null
  /** Whether a person should look at the loan. */
  readonly stalled: boolean
}

/** How the engine polls this loan now, if the loan is dormant. `undefined` if it is not. */
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
  // If no trusted source knows the reference, a stranger may have invented it. Then no person needs to look at the loan.
  const stalled = bankActs.has(stage) && !isUnspokenOf(loan)
  const { dormantWeeklyDays, dormantMonthlyDays } = settings
  if (dormantDays < dormantWeeklyDays) return { intervalMs: dormantMs.weekly * scale, stalled }
  const isOver = dormantDays >= dormantWeeklyDays + dormantMonthlyDays && mayBeGivenUp(loan)
  return { intervalMs: isOver ? null : dormantMs.monthly * scale, stalled }
}

/**
 * Whether polling may end. If the facts contain no time, it may end only for a loan that may not exist. A registered
 * loan is still polled every month.
 */
const mayBeGivenUp = (loan: Loan): boolean => lastWordAt(loan.facts) > 0 || isUnspokenOf(loan)

/**
 * How long nothing new was reported about a loan. If the facts contain no time, this is the sum of the intervals of all
 * polls so far.
 */
function silentMs(loan: Loan, attempts: number, now: Instant, settings: CadenceSettings): number {
  const spokenAt = lastWordAt(loan.facts)
  if (spokenAt > 0) return now - spokenAt
  let passedMs = 0
  for (let poll = 0; poll < attempts; poll++) passedMs += intervalMs(loan, poll, settings)
  return passedMs
}

/** After how much silence polling of an unfinished loan may end, at the earliest. */
export function restAfterMs(settings: CadenceSettings): number {
  const horizonDays = Math.min(...Object.values(horizonOf).map((name) => settings[name]))
  const days = horizonDays + settings.dormantWeeklyDays + settings.dormantMonthlyDays
  return days * dayMs * settings.pollIntervalScale
}

/** Whether an unfinished loan is dormant: its next poll is after its stage's horizon, or there is no next poll. */
export function isDormant(
  loan: Loan,
  { nextPollAt, attempts, confirm }: PollSchedule,
  settings: CadenceSettings,
): boolean {
  if (confirm || isClosed(loan.facts)) return false
  if (nextPollAt === null) return !mayRest(loan)
  return restOf(loan, attempts, nextPollAt, settings) !== undefined
}

/** Whether a person may want to close the loan if it is dormant. */
export const isClosable = ({ stage }: Loan): boolean => closable.has(stage)

/**
 * Whether polling of a loan may end. A loan ends when the bank ends it, or when a person closes it. Two kinds of
 * reference may not be loans at all, so their polling may end too: a stand-in reference, which the bank does not
 * know, and a reference that no trusted source has named.
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
