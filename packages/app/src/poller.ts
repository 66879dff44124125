import type { BankClient } from "@loan-engine/adapters-http/bank-client"
import type { BankError } from "@loan-engine/adapters-http/bank-error"
import { traced } from "@loan-engine/adapters-http/traced"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { Cause, Clock, Context, Effect, Layer, PubSub, Queue, Random, Result } from "effect"
import { RateLimiter } from "effect/persistence"
import { Banks } from "./banks.ts"
import { LoanEngine } from "./engine.ts"
import type { Recorded } from "./engine.ts"
import type { StoredLoan, StoreUnavailable } from "./loan-store.ts"
import { LoanStore } from "./loan-store.ts"
import type { CadenceSettings, PollQuestion } from "./poll-cadence.ts"
import { pollQuestions, scheduleAfterFailure } from "./poll-cadence.ts"
import { countPoll } from "./telemetry/metrics.ts"

export interface PollerSettings {
  readonly cadence: CadenceSettings
  /** The whole engine's budget: requests a second to the bank, and requests under way at once. */
  readonly pollRatePerSecond: number
  readonly pollsInFlightMax: number
  /** A claimed poll that is not done by then (its process died) is due again. */
  readonly pollLeaseMs: number
  /** The longest the poller rests before it looks again whether something is due. */
  readonly pollIdleMaxMs: number
}

export const pollerDefaults: Omit<PollerSettings, "cadence"> = {
  pollRatePerSecond: 20,
  pollsInFlightMax: 8,
  pollLeaseMs: 120_000,
  pollIdleMaxMs: 5_000,
}

/** What one question to the bank came to. */
export type PollAnswer =
  | { readonly question: PollQuestion; readonly answered: true; readonly recorded: Recorded }
  | {
      readonly question: PollQuestion
      readonly answered: false
      readonly code: string
      readonly retryAfterMs: number
    }

/** Asks the bank about one loan, now, within the engine's budget; every answer goes through `record`. */
export class Poller extends Context.Service<
  Poller,
  {
    readonly poll: (
      stored: StoredLoan,
      questions: ReadonlyArray<PollQuestion>,
    ) => Effect.Effect<ReadonlyArray<PollAnswer>, StoreUnavailable>
  }
>()("@loan-engine/app/Poller") {
  static readonly layer = (
    settings: PollerSettings,
  ): Layer.Layer<Poller, never, LoanEngine | LoanStore | Banks> =>
    Layer.effect(Poller, makePoller(settings)).pipe(
      Layer.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))),
    )
}

const makePoller = Effect.fnUntraced(function* (settings: PollerSettings) {
  const engine = yield* LoanEngine
  const store = yield* LoanStore
  const banks = yield* Banks
  const budget = yield* RateLimiter.RateLimiter

  const ask = Effect.fnUntraced(function* (stored: StoredLoan, question: PollQuestion) {
    const { account, applicationReference } = stored.loan
    const bank = banks.get(account)
    if (bank === undefined) return unanswered(question, "bank-not-configured", 0)
    yield* RateLimiter.sleep(budget, {
      algorithm: "token-bucket",
      window: "1 second",
      limit: settings.pollRatePerSecond,
      key: "bank",
    }).pipe(Effect.orDie)
    const answer = yield* Effect.result(askBank[question](bank, applicationReference))
    if (Result.isFailure(answer)) {
      const code = answer.failure.reason._tag
      const retryAfterMs = (answer.failure.retryAfterSeconds ?? 0) * 1_000
      yield* Effect.logWarning("the bank did not answer").pipe(
        Effect.annotateLogs({ applicationReference, account, question, code }),
      )
      return unanswered(question, code, retryAfterMs)
    }
    const { events, raw } = answer.success
    const observation: Observation = {
      applicationReference,
      account,
      source: question === "status" ? "poll" : "quote",
      evidence: "bank",
      receivedAt: yield* Clock.currentTimeMillis,
      events,
    }
    const recorded = yield* engine.record(observation, raw)
    return { question, answered: true, recorded } satisfies PollAnswer
  })

  const askAll = Effect.fnUntraced(function* (stored: StoredLoan, questions: ReadonlyArray<PollQuestion>) {
    const { account } = stored.loan
    const answers: ReadonlyArray<PollAnswer> = yield* Effect.forEach(questions, (question) =>
      Effect.tap(ask(stored, question), (answer) => countPoll(account, question, outcomeOf(answer))),
    )
    const retryAfterMs = Math.max(
      -1,
      ...answers.map((answer) => (answer.answered ? -1 : answer.retryAfterMs)),
    )
    if (retryAfterMs >= 0) yield* postpone(stored, retryAfterMs)
    return answers
  })
  const poll = (stored: StoredLoan, questions: ReadonlyArray<PollQuestion>) => {
    const { account, applicationReference } = stored.loan
    return traced("poll", { account, applicationReference })(askAll(stored, questions))
  }

  /** A question stayed open: the loan is asked about again as if the poll had brought nothing. */
  const postpone = Effect.fnUntraced(function* (asked: StoredLoan, retryAfterMs: number) {
    const stored = yield* store.load(asked.loan.applicationReference)
    if (stored === undefined || stored.schedule.nextPollAt === null) return
    const now = yield* Clock.currentTimeMillis
    const jitter = yield* Random.next
    const before = { ...stored.schedule, confirm: asked.schedule.confirm }
    yield* store.reschedule(
      stored,
      scheduleAfterFailure(stored.loan, before, now, retryAfterMs, settings.cadence, jitter),
    )
  })

  yield* runDuePolls(settings, (stored) =>
    poll(stored, pollQuestions(stored.loan, stored.schedule, settings.cadence)).pipe(
      // An answer that cannot be recorded must not be asked for again each time the lease is over.
      Effect.onError((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.ignoreCause(postpone(stored, 0)),
      ),
    ),
  )
  return Poller.of({ poll })
})

interface BankAnswer {
  readonly events: ReadonlyArray<LoanEvent>
  readonly raw: Uint8Array
}

/** How each question is put. An answer's events date from when it was asked, not from when it came. */
const askBank: {
  readonly [Q in PollQuestion]: (
    bank: BankClient,
    reference: ApplicationReference,
  ) => Effect.Effect<BankAnswer, BankError>
} = {
  status: (bank, applicationReference) =>
    Effect.map(bank.getApplicationStatus(applicationReference), ({ message, raw, sentAt }) => ({
      events: applicationStatusEvents(message, sentAt),
      raw,
    })),
  quote: (bank, applicationReference) =>
    Effect.map(bank.getApplicationQuote(applicationReference), ({ message, raw, sentAt }) => ({
      events: applicationQuoteEvents(message, sentAt),
      raw,
    })),
}

const outcomeOf = (answer: PollAnswer): string =>
  answer.answered ? answer.recorded.disposition : answer.code

const unanswered = (question: PollQuestion, code: string, retryAfterMs: number): PollAnswer => ({
  question,
  answered: false,
  code,
  retryAfterMs,
})

/** Takes what is due, a batch at a time, and keeps `pollsInFlightMax` workers busy with it. */
const runDuePolls = Effect.fnUntraced(function* (
  settings: PollerSettings,
  run: (stored: StoredLoan) => Effect.Effect<unknown, StoreUnavailable>,
) {
  const store = yield* LoanStore
  const work = yield* Queue.bounded<StoredLoan>(settings.pollsInFlightMax)
  const wake = yield* wakeOnChange(settings)

  const rest = (dueAt: number | undefined, now: number): Effect.Effect<void> => {
    const waitMs = Math.min((dueAt ?? Infinity) - now, settings.pollIdleMaxMs)
    return Effect.raceFirst(Effect.sleep(Math.max(waitMs, 1)), wake)
  }
  const dispatch = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const dueAt = yield* store.nextDue
    if (dueAt === undefined || dueAt > now) return yield* rest(dueAt, now)
    const claimed = yield* store.claimDue({
      now,
      limit: settings.pollsInFlightMax,
      leaseMs: settings.pollLeaseMs,
    })
    return yield* Effect.asVoid(Queue.offerAll(work, claimed))
  })
  /** A store that is down, or a defect that one loan brings out, must not end the polling of all the others. */
  const survive = (effect: Effect.Effect<unknown, StoreUnavailable>): Effect.Effect<void> =>
    Effect.catchCause(Effect.asVoid(effect), (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.logError("a poll went wrong", cause).pipe(
            Effect.andThen(Effect.sleep(settings.pollIdleMaxMs)),
          ),
    )
  const worker = Effect.flatMap(Queue.take(work), (stored) => {
    const { account, applicationReference } = stored.loan
    return Effect.annotateLogs(survive(run(stored)), { account, applicationReference })
  })
  yield* Effect.forkScoped(Effect.forever(survive(dispatch)))
  for (let started = 0; started < settings.pollsInFlightMax; started++) {
    yield* Effect.forkScoped(Effect.forever(worker))
  }
})

/** Ends a rest early when a change plans a poll sooner than the longest rest would find it. */
const wakeOnChange = Effect.fnUntraced(function* (settings: PollerSettings) {
  const { changes } = yield* LoanEngine
  const alarms = yield* Queue.sliding<void>(1)
  const subscription = yield* PubSub.subscribe(changes)
  const listen = Effect.gen(function* () {
    const { schedule } = yield* PubSub.take(subscription)
    const now = yield* Clock.currentTimeMillis
    if (schedule.nextPollAt !== null && schedule.nextPollAt < now + settings.pollIdleMaxMs) {
      yield* Queue.offer(alarms, undefined)
    }
  })
  yield* Effect.forkScoped(Effect.forever(listen))
  return Queue.take(alarms)
})
