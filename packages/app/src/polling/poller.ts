import { secondsOverRate } from "@loan-engine/adapters-http/http/rate"
import type { Rate } from "@loan-engine/adapters-http/http/rate"
import { traced } from "@loan-engine/adapters-http/telemetry/traced"
import type { Observation } from "@loan-engine/domain/observation"
import { isUnspokenOf } from "@loan-engine/domain/standing"
import { Cause, Clock, Context, Duration, Effect, Layer, Metric, Random, Semaphore } from "effect"
import { RateLimiter } from "effect/persistence"
import { Banks } from "../ports/banks.ts"
import type { LineDue, PollLine, StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { LoanEngine } from "../record/engine.ts"
import { alertIfStalled } from "../record/stalled-alert.ts"
import type { PollQuestion } from "../schedule/poll-cadence.ts"
import { pollQuestions } from "../schedule/poll-cadence.ts"
import { scheduleAfterFailure, scheduleAfterPutOff, scheduleUnasked } from "../schedule/poll-schedule.ts"
import { countPoll, unknownDecisionsCounter } from "../telemetry/metrics.ts"
import { makeAskBank } from "./ask-bank.ts"
import type { Patience, PollAnswer, Unanswered } from "./ask-bank.ts"
import { makeBankPauses } from "./bank-pauses.ts"
import { watchFarPlans } from "./far-plans.ts"
import { makePollOrder } from "./poll-order.ts"
import { makePollWorkers, shareWorkers } from "./poll-workers.ts"
import type { PollWork } from "./poll-workers.ts"
import type { PollerSettings } from "./settings.ts"

/** Polls the bank about one loan now, within the engine's rate. Every answer is recorded through `record`. */
export class Poller extends Context.Service<
  Poller,
  {
    readonly poll: (
      stored: StoredLoan,
      questions: ReadonlyArray<PollQuestion>,
    ) => Effect.Effect<ReadonlyArray<PollAnswer>, StoreUnavailable>
  }
>()("@loan-engine/app/Poller") {
  /** Polls every loan that is due, and also on demand. */
  static readonly layer = (settings: PollerSettings): PollerLayer => layerOf(settings, true)

  /** Polls only on demand. */
  static readonly layerOnDemand = (settings: PollerSettings): PollerLayer => layerOf(settings, false)
}

type PollerLayer = Layer.Layer<Poller, never, LoanEngine | LoanStore | Banks>

const layerOf = (settings: PollerSettings, runsDue: boolean): PollerLayer =>
  Layer.effect(Poller, makePoller(settings, runsDue)).pipe(
    Layer.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))),
  )

/** How long to rest if other engines have claimed all due polls, or if no poll is due by the store's clock. */
export const pollOvertakenMs = 100

/**
 * Makes the poller. The numbered comments are the steps of a poll. Due polls begin with step 1, polls on demand with
 * step 3.
 */
const makePoller = Effect.fnUntraced(function* (settings: PollerSettings, runsDue: boolean) {
  const engine = yield* LoanEngine
  const store = yield* LoanStore
  const accounts = [...(yield* Banks).keys()]
  const order = makePollOrder()
  const pauses = makeBankPauses()
  const workers = yield* makePollWorkers(settings, accounts.length, pauses)
  const ask = yield* makeAskBank(settings, pauses)
  const limiter = yield* RateLimiter.RateLimiter
  const questionsOf = ({ loan, schedule }: StoredLoan): ReadonlyArray<PollQuestion> =>
    pollQuestions(loan, schedule, settings.cadence)

  /** Polls what is due, on the free workers. The result is how long to rest before the next round. */
  const pollDue = Effect.gen(function* () {
    // 1. Due: find the lines that have a due poll and may use a worker now.
    const now = yield* Clock.currentTimeMillis
    const lines = yield* store.nextDue(accounts)
    const waits = yield* Effect.forEach(lines, (line) => waitMs(line, now))
    const waiting = lines.filter((_, index) => (waits[index] ?? 0) <= 0)
    if (waiting.length === 0) return Math.min(...waits)

    // 2. Claim: take as many polls of each line as it gets workers. A claimed poll is sent even if another claim
    //   fails. Otherwise it would wait until its lease ends.
    const claim = Effect.fnUntraced(function* ([{ account, confirm }, limit]: readonly [PollLine, number]) {
      const claimed = yield* store.claimDue({ account, confirm, now, limit, leaseMs: settings.pollLeaseMs })
      const requests = claimed.reduce((sum, stored) => sum + questionsOf(stored).length, 0)
      order.charge(account, requests - limit)
      yield* Effect.forEach(claimed, (stored) => workers.start(stored, pollClaimed), { discard: true })
      return claimed.length
    }, Effect.uninterruptible)
    const claimed = yield* Effect.forEach(shareWorkers(waiting, order, workers), claim, {
      concurrency: "unbounded",
    })
    return claimed.every((loans) => loans === 0) ? pollOvertakenMs : 0
  })

  const pollClaimed: PollWork = (stored, begins) =>
    pollOrYield(stored, questionsOf(stored), begins).pipe(
      // If an answer cannot be recorded, plan the next poll. Otherwise the engine would ask again each time the lease
      // ends.
      Effect.onError((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.ignoreCause(reschedule(stored, [], 1)),
      ),
    )

  /** If the loan may be invented, and such loans have used up their share of the requests, its poll is put off. */
  const pollOrYield = Effect.fnUntraced(function* (
    stored: StoredLoan,
    questions: ReadonlyArray<PollQuestion>,
    begins: () => void,
  ) {
    const { loan, schedule } = stored
    const waitSeconds =
      isUnspokenOf(loan) && !schedule.confirm
        ? yield* secondsOverRate(limiter, unnamedShare(questions.length))
        : 0
    const patience: Patience = { leftMs: settings.pollMsMax, isAwaited: false }
    if (waitSeconds === 0) return void (yield* poll(stored, questions, patience, begins))
    yield* Effect.forEach(questions, (question) => countPoll(loan.account, question, "put-off"))
    const now = yield* Clock.currentTimeMillis
    const waitMs = waitSeconds * 1_000
    const later = scheduleAfterPutOff(schedule, now, waitMs, settings.cadence, yield* Random.next)
    yield* store.reschedule(stored, later)
  })

  // A poll asks up to two questions. They are counted together.
  const unnamedAtOnceMax = Math.max(2, settings.pollRatePerSecond)
  const unnamedPerSecond = (settings.pollRatePerSecond * settings.pollUnnamedPercent) / 100
  const unnamedShare = (tokens: number): Rate => ({
    algorithm: "token-bucket",
    tokens,
    limit: unnamedAtOnceMax,
    window: Duration.seconds(unnamedAtOnceMax / unnamedPerSecond),
    key: "requests to the bank about loans that no trusted source has named",
  })

  const poll = (
    stored: StoredLoan,
    questions: ReadonlyArray<PollQuestion>,
    patience: Patience,
    begins: () => void = () => {},
  ) => {
    const { account, applicationReference } = stored.loan
    const answerTo = Effect.fnUntraced(function* (question: PollQuestion) {
      // 3. Ask: send the request, when the rate allows it and the account is not paused.
      const answer = yield* ask(stored.loan, question, patience, begins)
      if (!answer.answered) return answer

      // 4. Read: turn the bank's answer into an observation.
      const observation: Observation = {
        applicationReference,
        account,
        source: question === "status" ? "poll" : "quote",
        evidence: "bank",
        receivedAt: yield* Clock.currentTimeMillis,
        ...answer.said,
      }

      // 5. Record: the transaction also plans the next poll.
      const recorded = yield* engine.record(observation, answer.raw)
      if (observation.hold !== undefined) yield* Metric.update(unknownDecisionsCounter.of({ account }), 1)
      return { question, answered: true, recorded } satisfies PollAnswer
    })
    return Effect.gen(function* () {
      const answers: ReadonlyArray<PollAnswer> = yield* Effect.forEach(questions, (question) =>
        Effect.tap(answerTo(question), (answer) => countPoll(account, question, outcomeOf(answer))),
      )

      // 6. Reschedule: if a question got no answer, the loan is scheduled as after a poll without news.
      const open = answers.filter((answer) => !answer.answered)
      if (open.length > 0) yield* reschedule(stored, open, answers.length)
      return answers
    }).pipe(traced("poll", { account, applicationReference }))
  }

  /**
   * How long to wait for a line. It is infinite while the account has no free worker, because a finished worker wakes
   * the poller.
   */
  const waitMs = Effect.fnUntraced(function* ({ account, dueAt }: LineDue, now: number) {
    if (workers.free(account) === 0) return Infinity
    return Math.max(dueAt - now, yield* pauses.remainingMs(account))
  })

  const reschedule = Effect.fnUntraced(function* (
    asked: StoredLoan,
    open: ReadonlyArray<Unanswered>,
    questions: number,
  ) {
    const stored = yield* store.load(asked.loan.applicationReference)
    if (stored === undefined || stored.schedule.nextPollAt === null) return
    // During the poll, a report arrived that must be confirmed at once. Its plan stays.
    if (stored.schedule.confirm && !asked.schedule.confirm) return
    // This poll got no answer, so it did not change the plan. The plan is different, so the lease has ended and
    // another engine has made it.
    if (open.length === questions && stored.schedule.nextPollAt !== asked.schedule.nextPollAt) return
    const now = yield* Clock.currentTimeMillis
    const jitter = yield* Random.next
    const before = { ...stored.schedule, confirm: asked.schedule.confirm }
    const retryAfterMs = Math.max(0, ...open.map((answer) => answer.retryAfterMs))
    const isFault = open.length === questions && open.every(({ code }) => code === "Fault")
    const wasAsked = open.length < questions || open.some(({ sent }) => sent)
    const schedule = wasAsked
      ? scheduleAfterFailure(stored.loan, before, now, { retryAfterMs, isFault }, settings.cadence, jitter)
      : scheduleUnasked(stored.loan, before, now, retryAfterMs, settings.cadence)
    yield* store.reschedule(stored, schedule)
    yield* alertIfStalled(stored.loan, stored.schedule, schedule)
  })

  if (runsDue) {
    yield* watchFarPlans(settings.cadence)
    yield* workers.repeat(pollDue)
  }
  const onDemand = yield* Semaphore.make(settings.pollsOnDemandMax)
  return Poller.of({
    poll: Effect.fnUntraced(function* (stored, questions) {
      const begun = yield* Clock.currentTimeMillis
      const pollNow = Effect.flatMap(Clock.currentTimeMillis, (now) =>
        poll(stored, questions, { leftMs: settings.pollMsMax - (now - begun), isAwaited: true }),
      )
      return yield* onDemand.withPermits(1)(pollNow)
    }),
  })
})

const outcomeOf = (answer: PollAnswer): string =>
  answer.answered ? answer.recorded.disposition : answer.code
