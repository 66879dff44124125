import { standInPrefix } from "@loan-engine/adapters-http/message/message"
import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import { isClosed, isUnspokenOf, lastWordAt } from "@loan-engine/domain/standing"
import type { CadenceSettings, Horizons, PollSchedule } from "./poll-cadence.ts"
import { dayMs, dormantMs, intervalMs } from "./poll-cadence.ts"

/*
 * How the asking ends where the bank says nothing more. Each stage has a horizon, counted from the last word of anybody; past it the loan is
 * dormant, and asked about every week, later every month, then no more. A closed loan goes to the months at once. The times that
 * the facts know are all that it takes: nothing is kept of it.
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

/** The bank has to act in these, and a person should ask it why it does not. In the others the customer has mostly gone elsewhere. */
export const bankActs: ReadonlySet<Stage> = new Set(["submitted", "manualInspection", "signed", "disputed"])

/** What somebody may want to close once it is dormant: what the bank has neither paid out nor rejected, and nobody has signed. */
export const closable: ReadonlySet<Stage> = new Set([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** How the bank is asked about a loan that rests. */
export interface Rest {
  /** `null`: no more. */
  readonly intervalMs: number | null
  /** Whether a person should look into it. */
  readonly stalled: boolean
}

/** How a loan rests by now; `undefined` if it does not. */
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
  // Anybody may have made up a reference of which nobody trusted ever spoke.
  const stalled = bankActs.has(stage) && !isUnspokenOf(loan)
  const { dormantWeeklyDays, dormantMonthlyDays } = settings
  if (dormantDays < dormantWeeklyDays) return { intervalMs: dormantMs.weekly * scale, stalled }
  const isOver = dormantDays >= dormantWeeklyDays + dormantMonthlyDays && mayBeGivenUp(loan)
  return { intervalMs: isOver ? null : dormantMs.monthly * scale, stalled }
}

/** A loan of which the facts know no time may be given up only if it need not be one; a registered one is asked about every month. */
const mayBeGivenUp = (loan: Loan): boolean => lastWordAt(loan.facts) > 0 || isUnspokenOf(loan)

/**
 * How long nothing new was said of a loan. Where the facts know no time, because nothing was ever said of it that counts, it is as long as so
 * many polls take by the stage's cadence.
 */
function silentMs(loan: Loan, attempts: number, now: Instant, settings: CadenceSettings): number {
  const spokenAt = lastWordAt(loan.facts)
  if (spokenAt > 0) return now - spokenAt
  let passedMs = 0
  for (let poll = 0; poll < attempts; poll++) passedMs += intervalMs(loan, poll, settings)
  return passedMs
}

/** How long a loan that nothing has ended must have been silent before it may be asked about no more. */
export function restAfterMs(settings: CadenceSettings): number {
  const horizonDays = Math.min(...Object.values(horizonOf).map((name) => settings[name]))
  const days = horizonDays + settings.dormantWeeklyDays + settings.dormantMonthlyDays
  return days * dayMs * settings.pollIntervalScale
}

/** Whether the next poll of a loan lies beyond its stage's horizon, or will never be, although nothing has ended it. */
export function isDormant(
  loan: Loan,
  { nextPollAt, attempts, confirm }: PollSchedule,
  settings: CadenceSettings,
): boolean {
  if (confirm || isClosed(loan.facts)) return false
  if (nextPollAt === null) return !mayRest(loan)
  return restOf(loan, attempts, nextPollAt, settings) !== undefined
}

/** Whether a dormant loan is one that somebody may want to close. */
export const isClosable = ({ stage }: Loan): boolean => closable.has(stage)

/**
 * Whether a loan may be asked about no more: only the bank's own word ends it, or a person who closes it. A reference of ours means nothing to
 * the bank, and one of which nobody trusted ever spoke need not be a loan's.
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
