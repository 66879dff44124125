import {
  applicationQuoteEvents,
  applicationStatusEvents,
  submissionEvents,
} from "@loan-engine/adapters-xml/loan-events"
import type { CadenceSettings, PollQuestion, PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { neverPolled, pollQuestions } from "@loan-engine/app/schedule/poll-cadence"
import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import { applyChange, trueStage } from "@loan-engine/app/sandbox/bank-loan"
import { decisionResult } from "@loan-engine/app/sandbox/sandbox-bank"
import type { BankChange } from "@loan-engine/app/sandbox/life"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { AccountName } from "@loan-engine/domain/observation"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import type { Observation } from "@loan-engine/domain/observation"
import type { BankLife } from "./bank-life.ts"
import { callbackEvents } from "./callback-arrivals.ts"
import { makeEventQueue } from "./event-queue.ts"
import type { Pacing } from "./pacing.ts"

/** One loan with its bank and engine, and all random draws for it. */
export interface LoanCase {
  readonly reference: BankLoan["reference"]
  readonly submittedAt: number
  /** After this time nothing changes at the bank and no request is counted. Earlier changes may still be detected. */
  readonly endsAt: number
  readonly life: BankLife
  /** For each change, when its callbacks arrive, counted from the change. */
  readonly arrivals: ReadonlyArray<ReadonlyArray<number>>
  readonly jitter: () => number
  readonly pacing: Pacing
  readonly settings: CadenceSettings
}

/** Receives the measurements of a loan's life. */
export interface Measures {
  readonly poll: () => void
  readonly request: (at: number) => void
  /** The engine's stage now equals the bank's. `delayMs` is the time since the bank's stage changed. */
  readonly known: (delayMs: number) => void
}

type Happening =
  | { readonly type: "change"; readonly change: BankChange }
  | { readonly type: "callback"; readonly change: BankChange }

const account = AccountName.make("simulated")

/**
 * Simulates one loan on its own clock: the bank's changes, the callbacks and the polls, in the order of time. Answers
 * arrive at once. Loans do not affect each other, so each can be simulated alone.
 */
export function liveThroughLoan(loanCase: LoanCase, measures: Measures): Loan {
  const { submittedAt, endsAt, pacing, settings } = loanCase
  const bank = newBankLoan(loanCase)
  const happenings = happeningsOf(loanCase)
  let loan = openLoan(loanCase.reference, account)
  let schedule: PollSchedule = neverPolled
  let unknownSince: Array<number> = []

  const compare = (at: number): void => {
    if (unknownSince.length === 0 || loan.stage !== trueStage(bank)) return
    for (const since of unknownSince) measures.known(at - since)
    unknownSince = []
  }
  const record = (source: Observation["source"], at: number, events: ReadonlyArray<LoanEvent>): void => {
    const evidence = source === "callback" ? "credentials" : "bank"
    const { reference: applicationReference } = loanCase
    const observation = { applicationReference, account, source, evidence, receivedAt: at, events } as const
    const decision = observe(loan, observation)
    schedule = pacing({ loan, schedule }, observation, decision, loanCase.jitter())
    const isAnswer = source === "poll" || source === "quote"
    if (!isAnswer || isNews(loan, decision)) loan = decision.loan
    compare(at)
  }
  const poll = (at: number): void => {
    if (at < endsAt) measures.poll()
    // The lease of a claimed poll, so that it can be told from a confirmation that becomes due meanwhile.
    const asked = pollQuestions(loan, schedule, settings)
    schedule = { ...schedule, nextPollAt: at + pollLeaseMs }
    for (const question of asked) {
      if (at < endsAt) measures.request(at)
      const { source, events } = answer(question, bank, at)
      record(source, at, events)
    }
  }
  const happen = (at: number, { type, change }: Happening): void => {
    if (type === "callback") return record("callback", at, callbackEvents(change, at))
    const before = trueStage(bank)
    applyChange(bank, change)
    if (trueStage(bank) !== before) unknownSince.push(at)
    compare(at)
  }

  record("submission", submittedAt, submissionEvents(decisionResult(bank), submittedAt))
  while (true) {
    const pollAt = schedule.nextPollAt ?? Infinity
    const next = happenings.peek()
    if (next !== undefined && next.at <= pollAt) {
      happenings.take()
      happen(next.at, next.what)
    } else if (pollAt < endsAt || unknownSince.length > 0) poll(pollAt)
    else return loan
  }
}

/**
 * Whether an observation changes the loan. In this world there is only one offer, so only a change of the stage or
 * the documents counts.
 */
const isNews = (before: Loan, { loan, steps, news }: Decision): boolean =>
  steps.length > 0 ||
  news.length > 0 ||
  isAdditionOutstanding(before.facts) !== isAdditionOutstanding(loan.facts)

const pollLeaseMs = 120_000

const answer = (question: PollQuestion, bank: BankLoan, at: number) =>
  question === "status"
    ? { source: "poll" as const, events: applicationStatusEvents(statusOf(bank), at) }
    : { source: "quote" as const, events: applicationQuoteEvents(decisionResult(bank), at) }

const statusOf = ({ waitingForAddition, signedWithMethod, paidOut }: BankLoan) => ({
  waitingForAddition,
  paidOut,
  ...(signedWithMethod === undefined ? {} : { signedWithMethod }),
})

const newBankLoan = ({ reference, life }: LoanCase): BankLoan => ({
  reference,
  account,
  offer: {},
  requestedSigningMethod: "E_SIGN",
  decision: life.initial,
  waitingForAddition: false,
  documents: [],
  signedWithMethod: undefined,
  paidOut: false,
  over: false,
})

/** The bank's changes before the end, and their callbacks. A callback may arrive after the end. */
function happeningsOf({ submittedAt, endsAt, life, arrivals }: LoanCase) {
  const queue = makeEventQueue<Happening>()
  let at = submittedAt
  life.changes.forEach(({ afterMs, change }, index) => {
    at += afterMs
    if (at >= endsAt) return
    queue.add(at, { type: "change", change })
    if (change.type === "additionReceived") return
    for (const afterChangeMs of arrivals[index] ?? []) {
      queue.add(at + afterChangeMs, { type: "callback", change })
    }
  })
  return queue
}
