import { scheduleAfter } from "@loan-engine/app/schedule/poll-schedule"
import { cadenceDefaults, neverPolled, pollQuestions } from "@loan-engine/app/schedule/poll-cadence"
import type { CadenceSettings, PollQuestion, PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Loan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { isQuiet } from "@loan-engine/domain/quiet"
import { account, reference } from "../../../proof/properties/arbitraries.ts"
import { dayMs } from "../../../proof/simulation/world.ts"

/**
 * A life without further news: the bank's last report, its later answers, and whether an operator closes the loan.
 */
export interface SilentLife {
  readonly name: string
  readonly said: (at: number) => ReadonlyArray<LoanEvent>
  readonly status: (at: number) => ReadonlyArray<LoanEvent>
  readonly quote: (at: number) => ReadonlyArray<LoanEvent>
  /** This many days after the bank's last report. */
  readonly closedAfterDays?: number
}

const fresh = true as const
const cleared = (at: number): LoanEvent => ({ type: "addition.cleared", at })
const requested = (at: number): LoanEvent => ({ type: "addition.requested", at })
const pending = (at: number): LoanEvent => ({ type: "decision.pending", at, fresh })
const approved = (at: number): LoanEvent => ({ type: "decision.approved", at, fresh, offer: {} })
const signed = (at: number): LoanEvent => ({ type: "agreement.signed", at, method: "E_SIGN" })

const inspected: SilentLife = {
  name: "inspected, never decided",
  said: (at) => [pending(at)],
  status: (at) => [cleared(at)],
  quote: (at) => [pending(at)],
}
const offered: SilentLife = {
  name: "approved, never signed",
  said: (at) => [approved(at)],
  status: (at) => [cleared(at)],
  quote: (at) => [approved(at)],
}

export const silentLives: ReadonlyArray<SilentLife> = [
  inspected,
  offered,
  {
    name: "approved, the documents never sent",
    said: (at) => [approved(at), requested(at)],
    status: (at) => [requested(at)],
    quote: (at) => [approved(at)],
  },
  {
    name: "signed, never paid out",
    said: (at) => [approved(at), signed(at)],
    status: (at) => [cleared(at), signed(at)],
    quote: (at) => [approved(at)],
  },
  { ...offered, name: "approved, closed after 3 days", closedAfterDays: 3 },
]

/** An engine without horizons, which never polls a loan more rarely for its silence. */
export const restless: CadenceSettings = {
  ...cadenceDefaults,
  submittedHorizonDays: 100_000,
  manualInspectionHorizonDays: 100_000,
  approvedHorizonDays: 100_000,
  waitingForAdditionHorizonDays: 100_000,
  signedHorizonDays: 100_000,
  unconfirmedHorizonDays: 100_000,
}

export interface SilentCost {
  readonly requests: number
  /** The day of the last request. `null` if the engine polls without end. */
  readonly lastDay: number | null
  readonly stalled: boolean
}

/** The time of the bank's last report. Every later poll runs exactly when it is due. */
const beganAt = 1_700_000_000_000

/** Simulates this many days, and counts the requests to the bank. */
export function liveInSilence(life: SilentLife, days: number, settings: CadenceSettings): SilentCost {
  const endsAt = beganAt + days * dayMs
  let loan: Loan = openLoan(reference, account)
  let schedule: PollSchedule = neverPolled
  const hear = (said: Pick<Observation, "source" | "evidence" | "events">, at: number): void => {
    const observation: Observation = { applicationReference: reference, account, receivedAt: at, ...said }
    const decision = observe(loan, observation)
    schedule = scheduleAfter({ loan, schedule }, observation, decision, settings, 0.5)
    // An answer without news does not change the loan.
    if (said.source === "submission" || !isQuiet(loan, decision)) loan = decision.loan
  }
  const answer = (question: PollQuestion, at: number): void =>
    hear(
      {
        source: question === "status" ? "poll" : "quote",
        evidence: "bank",
        events: question === "status" ? life.status(at) : life.quote(at),
      },
      at,
    )
  const close = (at: number): void =>
    hear(
      {
        source: "operator",
        evidence: "operator",
        events: [{ type: "loan.closed", at, closedFor: "withdrawn", by: "Ada" }],
      },
      at,
    )
  let closesAt = life.closedAfterDays === undefined ? Infinity : beganAt + life.closedAfterDays * dayMs
  let requests = 0
  let lastAt = beganAt
  hear({ source: "submission", evidence: "bank", events: life.said(beganAt) }, beganAt)
  while (schedule.nextPollAt !== null && schedule.nextPollAt < endsAt) {
    if (closesAt <= schedule.nextPollAt) {
      close(closesAt)
      closesAt = Infinity
      continue
    }
    const at = schedule.nextPollAt
    const questions = pollQuestions(loan, schedule, settings)
    schedule = { ...schedule, nextPollAt: at + 120_000 }
    for (const question of questions) answer(question, at)
    requests += questions.length
    lastAt = at
  }
  return {
    requests,
    lastDay: schedule.nextPollAt === null ? Math.round((lastAt - beganAt) / dayMs) : null,
    stalled: schedule.stalled,
  }
}
