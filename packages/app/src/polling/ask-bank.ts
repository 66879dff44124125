import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankError } from "@loan-engine/adapters-http/bank/error"
import { connectionAdvice } from "@loan-engine/adapters-http/http/connection-cause"
import { steadily } from "@loan-engine/adapters-http/http/rate"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { Loan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { Clock, Effect, Option, Result } from "effect"
import { RateLimiter } from "effect/persistence"
import { Banks } from "../ports/banks.ts"
import type { RecordResult } from "../record/engine.ts"
import type { PollQuestion } from "../schedule/poll-cadence.ts"
import { graceMsOf } from "../schedule/poll-cadence.ts"
import type { BankPauses } from "./bank-pauses.ts"
import type { PollerSettings } from "./settings.ts"

/** The outcome of one question to the bank. */
export type PollAnswer =
  | { readonly question: PollQuestion; readonly answered: true; readonly recorded: RecordResult }
  | Unanswered

export interface Unanswered {
  readonly question: PollQuestion
  readonly answered: false
  readonly code: string
  /** What to do, if that is known. */
  readonly advice?: string
  /** Whether the request was sent. */
  readonly sent: boolean
  readonly retryAfterMs: number
}

/** Why the bank gave no answer, and what to do about it if that is known. */
export const whyOf = ({ code, advice }: Unanswered): string =>
  advice === undefined ? code : `${code} (${advice})`

/** The bank's answer to one question. It is not recorded yet. */
export interface BankAnswer {
  readonly question: PollQuestion
  readonly answered: true
  readonly said: Said
  readonly raw: Uint8Array
}

type Said = Pick<Observation, "events" | "hold" | "leftOut" | "requestedSigningMethod">

/** The time that is left for one poll. */
export interface Patience {
  leftMs: number
  /** Whether a caller waits for the answer. Then the wait for the rate counts too. */
  readonly isAwaited: boolean
}

/**
 * Asks the bank one question about one loan. It first waits until the engine's rate allows another request. It calls
 * `begins` just before it sends the request. If the bank asks for a wait, the account is paused for that time.
 */
export const makeAskBank = Effect.fnUntraced(function* (settings: PollerSettings, pauses: BankPauses) {
  const banks = yield* Banks
  const budget = yield* RateLimiter.RateLimiter
  const graceMs = graceMsOf(settings.cadence)
  const turn = RateLimiter.sleep(budget, {
    algorithm: "token-bucket",
    window: "1 second",
    limit: settings.pollRatePerSecond,
    key: "requests to the bank",
  }).pipe(steadily, Effect.orDie)

  return Effect.fnUntraced(function* (
    loan: Loan,
    question: PollQuestion,
    patience: Patience,
    begins: () => void,
  ): Effect.fn.Return<BankAnswer | Unanswered> {
    const { account, applicationReference } = loan
    const bank = banks.get(account)
    if (bank === undefined) return unsent(question, "bank-not-configured", 0)
    const pausedMs = yield* pauses.remainingMs(account)
    if (pausedMs > 0) return unsent(question, "bank-paused", pausedMs)
    if (patience.leftMs <= 0) return unsent(question, "TimedOut", 0)
    const turned = patience.isAwaited ? yield* within(patience, turn) : Option.some(yield* turn)
    if (Option.isNone(turned)) return unsent(question, "TimedOut", 0)
    begins()
    const answer = yield* Effect.result(
      within(patience, askBank[question](bank, applicationReference, graceMs)),
    )
    if (Result.isFailure(answer)) return yield* failed(loan, question, answer.failure, pauses)
    if (Option.isNone(answer.success)) {
      yield* tellUnanswered(loan, question, { code: "TimedOut" })
      return unanswered(question, "TimedOut", 0)
    }
    yield* pauses.answered(account)
    return { question, answered: true, ...answer.success.value }
  })
})

const failed = Effect.fnUntraced(function* (
  loan: Loan,
  question: PollQuestion,
  error: BankError,
  pauses: BankPauses,
) {
  const { reason } = error
  const code = reason._tag
  const retryAfterMs = (error.retryAfterSeconds ?? 0) * 1_000
  // The fault without the path of the element. An element's name comes from the sender, so it may contain anything,
  // like the content.
  const where = reason._tag === "Malformed" ? { fault: reason.code } : {}
  const way = error.connectionCode === undefined ? {} : { advice: connectionAdvice(error.connectionCode) }
  yield* tellUnanswered(loan, question, { code, ...where, ...way })
  // Until then, another request for this account would fail in the same way.
  if (retryAfterMs > 0) yield* pauses.pause(loan.account, retryAfterMs)
  if (code !== "CircuitOpen") return { ...unanswered(question, code, retryAfterMs), ...way }
  return unsent(question, code, retryAfterMs)
})

const tellUnanswered = (
  { applicationReference, account }: Loan,
  question: PollQuestion,
  why: { readonly code: string; readonly fault?: string; readonly advice?: string },
): Effect.Effect<void> =>
  Effect.logWarning("the bank gave no answer that can be used").pipe(
    Effect.annotateLogs({ applicationReference, account, question, ...why }),
  )

/** The bank's answer, if it arrives before the timeout. */
const within = Effect.fnUntraced(function* <A, E>(patience: Patience, answer: Effect.Effect<A, E>) {
  const begun = yield* Clock.currentTimeMillis
  const came = yield* Effect.timeoutOption(answer, patience.leftMs)
  patience.leftMs -= (yield* Clock.currentTimeMillis) - begun
  return came
})

/**
 * How each question is asked. The events of an answer have the time when the request was sent, not when the answer
 * arrived.
 */
const askBank: {
  readonly [Q in PollQuestion]: (
    bank: BankClient,
    reference: ApplicationReference,
    graceMs: number,
  ) => Effect.Effect<{ readonly said: Said; readonly raw: Uint8Array }, BankError>
} = {
  status: (bank, applicationReference, graceMs) =>
    Effect.map(bank.getApplicationStatus(applicationReference), ({ message, raw, sentAt }) => {
      // The bank's replicas lag. So "the bank waits for no documents" is only certain for a time before the request.
      const events = applicationStatusEvents(message, sentAt, Math.max(0, sentAt - graceMs))
      const { requestedSigningMethod } = message
      const method = requestedSigningMethod === undefined ? {} : { requestedSigningMethod }
      return { said: { events, ...method, ...leftOutOf(message) }, raw }
    }),
  quote: (bank, applicationReference) =>
    Effect.map(bank.getApplicationQuote(applicationReference), ({ message, raw, sentAt }) => {
      const events: ReadonlyArray<LoanEvent> = applicationQuoteEvents(message, sentAt)
      const hold = message.decision === null ? ({ hold: "unknown-event-type" } as const) : {}
      return { said: { events, ...hold, ...leftOutOf(message) }, raw }
    }),
}

const leftOutOf = ({ leftOut }: Pick<Observation, "leftOut">): Pick<Observation, "leftOut"> =>
  leftOut === undefined ? {} : { leftOut }

const unanswered = (question: PollQuestion, code: string, retryAfterMs: number): Unanswered => ({
  question,
  answered: false,
  code,
  sent: true,
  retryAfterMs,
})

const unsent = (question: PollQuestion, code: string, retryAfterMs: number): Unanswered => ({
  ...unanswered(question, code, retryAfterMs),
  sent: false,
})
