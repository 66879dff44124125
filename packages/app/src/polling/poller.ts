import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankError } from "@loan-engine/adapters-http/bank/error"
import { connectionAdvice } from "@loan-engine/adapters-http/http/connection-cause"
import { steadily } from "@loan-engine/adapters-http/http/rate"
import { traced } from "@loan-engine/adapters-http/telemetry/traced"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { Cause, Clock, Context, Effect, Layer, Metric, Option, Random, Result } from "effect"
import { RateLimiter } from "effect/persistence"
import { makeBankPauses } from "./bank-pauses.ts"
import { Banks } from "../ports/banks.ts"
import { LoanEngine } from "../record/engine.ts"
import type { RecordResult } from "../record/engine.ts"
import type { StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { atOnceAndRecurring } from "../ports/recurring.ts"
import { LoanStore } from "../ports/loan-store.ts"
import type { CadenceSettings, PollQuestion } from "../schedule/poll-cadence.ts"
import { graceMsOf, planAheadMsMax, pollQuestions } from "../schedule/poll-cadence.ts"
import { bringBackFarPlans } from "./far-plans.ts"
import { scheduleAfterFailure, scheduleUnasked } from "../schedule/poll-schedule.ts"
import type { DispatcherSettings } from "./poll-dispatcher.ts"
import { dispatcherDefaults, runDuePolls } from "./poll-dispatcher.ts"
import { alertIfStalled } from "../record/stalled-alert.ts"
import { countPoll, unknownDecisionsCounter } from "../telemetry/metrics.ts"

export interface PollerSettings extends DispatcherSettings {
  readonly cadence: CadenceSettings
  /** How many requests a second are sent to all banks together. */
  readonly pollRatePerSecond: number
  /** The timeout of one poll, with all its questions together. */
  readonly pollMsMax: number
}

export const pollerDefaults: Omit<PollerSettings, "cadence"> = {
  pollRatePerSecond: 20,
  pollMsMax: 30_000,
  ...dispatcherDefaults,
}

/** The outcome of one question to the bank. */
export type PollAnswer =
  | { readonly question: PollQuestion; readonly answered: true; readonly recorded: RecordResult }
  | Unanswered

export interface Unanswered {
  readonly question: PollQuestion
  readonly answered: false
  readonly code: string
  /** What to do about it, if known. */
  readonly advice?: string
  /** Whether the request was sent at all. */
  readonly sent: boolean
  readonly retryAfterMs: number
}

/** Why the bank gave no answer, and what to do about it if that is known. */
export const whyOf = ({ code, advice }: Unanswered): string =>
  advice === undefined ? code : `${code} (${advice})`

/** Polls the bank about one loan, now, within the engine's budget. Every answer goes through `record`. */
export class Poller extends Context.Service<
  Poller,
  {
    readonly poll: (
      stored: StoredLoan,
      questions: ReadonlyArray<PollQuestion>,
    ) => Effect.Effect<ReadonlyArray<PollAnswer>, StoreUnavailable>
  }
>()("@loan-engine/app/Poller") {
  /** Polls when it is told to, and also polls every loan that is due. */
  static readonly layer = (settings: PollerSettings): PollerLayer => layerOf(settings, true)

  /** Polls only when it is told to. */
  static readonly layerOnDemand = (settings: PollerSettings): PollerLayer => layerOf(settings, false)
}

/** How often it searches for polls that a wrong clock has planned, in addition to the start. */
const farPlansEveryMs = 3_600_000

type PollerLayer = Layer.Layer<Poller, never, LoanEngine | LoanStore | Banks>

const layerOf = (settings: PollerSettings, runsDue: boolean): PollerLayer =>
  Layer.effect(Poller, makePoller(settings, runsDue)).pipe(
    Layer.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))),
  )

const makePoller = Effect.fnUntraced(function* (settings: PollerSettings, runsDue: boolean) {
  const engine = yield* LoanEngine
  const store = yield* LoanStore
  const banks = yield* Banks
  const budget = yield* RateLimiter.RateLimiter
  const pauses = makeBankPauses()
  const graceMs = graceMsOf(settings.cadence)

  const ask = Effect.fnUntraced(function* (
    stored: StoredLoan,
    question: PollQuestion,
    patience: Patience,
    begins: () => void,
  ) {
    const { account, applicationReference } = stored.loan
    const bank = banks.get(account)
    if (bank === undefined) return unsent(question, "bank-not-configured", 0)
    const pausedMs = yield* pauses.remainingMs(account)
    if (pausedMs > 0) return unsent(question, "bank-paused", pausedMs)
    const turn = RateLimiter.sleep(budget, {
      algorithm: "token-bucket",
      window: "1 second",
      limit: settings.pollRatePerSecond,
      key: "requests to the bank",
    })
    yield* Effect.orDie(steadily(turn))
    if (patience.leftMs <= 0) return unsent(question, "TimedOut", 0)
    begins()
    const answer = yield* Effect.result(
      within(patience, askBank[question](bank, applicationReference, graceMs)),
    )
    if (Result.isFailure(answer)) return yield* failed(stored, question, answer.failure)
    if (Option.isNone(answer.success)) {
      yield* tellUnanswered(stored, question, { code: "TimedOut" })
      return unanswered(question, "TimedOut", 0)
    }
    yield* pauses.answered(account)
    const { raw, ...said } = answer.success.value
    const observation: Observation = {
      applicationReference,
      account,
      source: question === "status" ? "poll" : "quote",
      evidence: "bank",
      receivedAt: yield* Clock.currentTimeMillis,
      ...said,
    }
    const recorded = yield* engine.record(observation, raw)
    if (said.hold !== undefined) yield* Metric.update(unknownDecisionsCounter.of({ account }), 1)
    return { question, answered: true, recorded } satisfies PollAnswer
  })

  const failed = Effect.fnUntraced(function* (stored: StoredLoan, question: PollQuestion, error: BankError) {
    const code = error.reason._tag
    const retryAfterMs = (error.retryAfterSeconds ?? 0) * 1_000
    const { reason } = error
    // Without its path, because an element's name is as much the sender's text as its content.
    const where = reason._tag === "Malformed" ? { fault: reason.code } : {}
    const way = error.connectionCode === undefined ? {} : { advice: connectionAdvice(error.connectionCode) }
    yield* tellUnanswered(stored, question, { code, ...where, ...way })
    // Another request of the account would have the same outcome until then.
    if (retryAfterMs > 0) yield* pauses.pause(stored.loan.account, retryAfterMs)
    if (code !== "CircuitOpen") return { ...unanswered(question, code, retryAfterMs), ...way }
    return unsent(question, code, retryAfterMs)
  })

  const askAll = Effect.fnUntraced(function* (
    stored: StoredLoan,
    questions: ReadonlyArray<PollQuestion>,
    begins: () => void,
  ) {
    const { account } = stored.loan
    const patience: Patience = { leftMs: settings.pollMsMax }
    const answers: ReadonlyArray<PollAnswer> = yield* Effect.forEach(questions, (question) =>
      Effect.tap(ask(stored, question, patience, begins), (answer) =>
        countPoll(account, question, outcomeOf(answer)),
      ),
    )
    const open = answers.filter((answer) => !answer.answered)
    if (open.length > 0) yield* postpone(stored, open, answers.length)
    return answers
  })
  const poll = (
    stored: StoredLoan,
    questions: ReadonlyArray<PollQuestion>,
    begins: () => void = () => {},
  ) => {
    const { account, applicationReference } = stored.loan
    return traced("poll", { account, applicationReference })(askAll(stored, questions, begins))
  }

  /** A question got no answer. The loan is polled again as if the poll had brought nothing new. */
  const postpone = Effect.fnUntraced(function* (
    asked: StoredLoan,
    open: ReadonlyArray<Unanswered>,
    questions: number,
  ) {
    const stored = yield* store.load(asked.loan.applicationReference)
    if (stored === undefined || stored.schedule.nextPollAt === null) return
    // Something arrived meanwhile that must be confirmed at once.
    if (stored.schedule.confirm && !asked.schedule.confirm) return
    // There was no answer, so this engine did not move the loan. The lease had expired, and the current plan belongs to
    // another engine.
    if (open.length === questions && stored.schedule.nextPollAt !== asked.schedule.nextPollAt) return
    const now = yield* Clock.currentTimeMillis
    const jitter = yield* Random.next
    const before = { ...stored.schedule, confirm: asked.schedule.confirm }
    const retryAfterMs = Math.max(0, ...open.map((answer) => answer.retryAfterMs))
    const wasAsked = open.length < questions || open.some(({ sent }) => sent)
    const schedule = wasAsked
      ? scheduleAfterFailure(stored.loan, before, now, retryAfterMs, settings.cadence, jitter)
      : scheduleUnasked(stored.loan, before, now, retryAfterMs, settings.cadence)
    yield* store.reschedule(stored, schedule)
    yield* alertIfStalled(stored.loan, stored.schedule, schedule)
  })

  const questionsOf = ({ loan, schedule }: StoredLoan): ReadonlyArray<PollQuestion> =>
    pollQuestions(loan, schedule, settings.cadence)
  if (!runsDue) return Poller.of({ poll })
  const review = bringBackFarPlans([...banks.keys()], planAheadMsMax(settings.cadence)).pipe(
    Effect.provideService(LoanStore, store),
  )
  yield* atOnceAndRecurring(
    "polls that a wrong clock planned could not be corrected",
    farPlansEveryMs,
    review,
  )
  yield* runDuePolls(settings, pauses, {
    requests: (stored) => questionsOf(stored).length,
    run: (stored, begins) =>
      poll(stored, questionsOf(stored), begins).pipe(
        // If an answer cannot be recorded, it must not be requested again each time the lease expires.
        Effect.onError((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.ignoreCause(postpone(stored, [], 1)),
        ),
      ),
  })
  return Poller.of({ poll })
})

const tellUnanswered = (
  { loan: { applicationReference, account } }: StoredLoan,
  question: PollQuestion,
  why: { readonly code: string; readonly fault?: string; readonly advice?: string },
): Effect.Effect<void> =>
  Effect.logWarning("the bank gave no answer that can be used").pipe(
    Effect.annotateLogs({ applicationReference, account, question, ...why }),
  )

/** How much time the bank still has for a poll. */
interface Patience {
  leftMs: number
}

/** The bank's answer, if it arrives before the timeout. It is not recorded yet. */
const within = Effect.fnUntraced(function* <A, E>(patience: Patience, answer: Effect.Effect<A, E>) {
  const begun = yield* Clock.currentTimeMillis
  const came = yield* Effect.timeoutOption(answer, patience.leftMs)
  patience.leftMs -= (yield* Clock.currentTimeMillis) - begun
  return came
})

interface BankAnswer extends Pick<Observation, "hold" | "leftOut" | "requestedSigningMethod"> {
  readonly events: ReadonlyArray<LoanEvent>
  readonly raw: Uint8Array
}

/** How each question is asked. The events of an answer are dated by the time of its request, not of its arrival. */
const askBank: {
  readonly [Q in PollQuestion]: (
    bank: BankClient,
    reference: ApplicationReference,
    graceMs: number,
  ) => Effect.Effect<BankAnswer, BankError>
} = {
  status: (bank, applicationReference, graceMs) =>
    Effect.map(bank.getApplicationStatus(applicationReference), ({ message, raw, sentAt }) => ({
      // The bank's replicas lag, so "waits for nothing" is only certain for some time ago.
      events: applicationStatusEvents(message, sentAt, Math.max(0, sentAt - graceMs)),
      ...(message.requestedSigningMethod === undefined
        ? {}
        : { requestedSigningMethod: message.requestedSigningMethod }),
      ...leftOutOf(message),
      raw,
    })),
  quote: (bank, applicationReference) =>
    Effect.map(bank.getApplicationQuote(applicationReference), ({ message, raw, sentAt }) => ({
      events: applicationQuoteEvents(message, sentAt),
      ...(message.decision === null ? ({ hold: "unknown-event-type" } as const) : {}),
      ...leftOutOf(message),
      raw,
    })),
}

const leftOutOf = ({ leftOut }: Pick<Observation, "leftOut">): Pick<Observation, "leftOut"> =>
  leftOut === undefined ? {} : { leftOut }

const outcomeOf = (answer: PollAnswer): string =>
  answer.answered ? answer.recorded.disposition : answer.code

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
