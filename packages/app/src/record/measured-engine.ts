import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import { traced } from "@loan-engine/adapters-http/telemetry/traced"
import type { Observation } from "@loan-engine/domain/observation"
import type { Fiber } from "effect"
import { Clock, Context, Effect, Exit, Layer, References } from "effect"
import { LoanEngine } from "./engine.ts"
import type { RecordResult } from "./engine.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { makeComplaints } from "../telemetry/store-complaints.ts"
import type { Complain } from "../telemetry/store-complaints.ts"
import {
  detailsLeftOutCounter,
  observationsCounter,
  recordDuration,
  recordFailuresCounter,
} from "../telemetry/metrics.ts"

/** The same engine, but every `record` is counted, timed and traced. On the debug level it is also logged. */
export const measuredEngine = <E, R>(engine: Layer.Layer<LoanEngine, E, R>): Layer.Layer<LoanEngine, E, R> =>
  Layer.effect(
    LoanEngine,
    Effect.map(LoanEngine, (plain) => ({
      ...plain,
      record: (observation: Observation, raw: Uint8Array) =>
        observed(observation, plain.record(observation, raw)),
      recordAt: (version: number, observation: Observation, raw: Uint8Array) =>
        observed(observation, plain.recordAt(version, observation, raw)),
      register: (observation: Observation, raw: Uint8Array) =>
        observed(observation, plain.register(observation, raw)),
    })),
  ).pipe(Layer.provide(engine))

const observed = <A extends RecordResult | undefined, E>(
  observation: Observation,
  record: Effect.Effect<A, E>,
): Effect.Effect<A, E> => {
  const { account, applicationReference, evidence, source } = observation
  return record.pipe(
    traced(
      "record",
      { account, applicationReference, evidence, source },
      {
        result: (recorded: RecordResult | undefined) =>
          recorded === undefined ? {} : { disposition: recorded.disposition },
      },
    ),
    Effect.onExit((exit) =>
      Effect.withFiber((fiber) => {
        count(observation, exit, fiber)
        return logsDebug(fiber) && Exit.isSuccess(exit) && exit.value !== undefined
          ? logRecorded(observation, exit.value)
          : Effect.void
      }),
    ),
  )
}

/** This runs for every callback. For speed, it calls the metrics directly instead of composing effects. */
function count(
  { account, source, receivedAt, leftOut = [] }: Observation,
  exit: Exit.Exit<RecordResult | undefined, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>,
): void {
  const { context } = fiber
  if (Exit.isFailure(exit)) return recordFailuresCounter.of({ source }).updateUnsafe(1, context)
  // The loan was already registered, so this registration was not recorded.
  if (exit.value === undefined) return
  const { disposition } = exit.value
  observationsCounter.of({ account, source, disposition }).updateUnsafe(1, context)
  for (const detail of leftOut) {
    detailsLeftOutCounter.of({ account, source, detail }).updateUnsafe(1, context)
  }
  const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
  recordDuration.of({ source }).updateUnsafe(Math.max(0, now - receivedAt) / 1_000, context)
}

const debugLevels: ReadonlySet<string> = new Set(["All", "Trace", "Debug"])
const logsDebug = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  debugLevels.has(fiber.getRef(References.MinimumLogLevel))

const logRecorded = (
  { account, applicationReference, evidence, source }: Observation,
  { disposition, hold, loan }: RecordResult,
): Effect.Effect<void> =>
  Effect.logDebug("an observation is recorded").pipe(
    Effect.annotateLogs({
      applicationReference,
      account,
      source,
      evidence,
      disposition,
      ...(hold === null ? {} : { hold }),
      stage: loan.stage,
    }),
  )

/** The same store, with a span for each commit, and a log line when the store does not answer. */
export const watchedStore = <A, E, R>(
  store: Layer.Layer<LoanStore | JournalStore | A, E, R>,
): Layer.Layer<LoanStore | JournalStore | A, E, R> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { complain, rarely } = probingRarely(makeComplaints())
      return Context.make(LoanStore, watchedLoans(yield* LoanStore, complain, rarely)).pipe(
        Context.add(JournalStore, watchedJournal(yield* JournalStore, complain)),
      )
    }),
  ).pipe(Layer.provideMerge(store))

/** These reads answer requests. The engine's own reads have log lines of their own. */
const watchedJournal = (plain: JournalStore["Service"], complain: Complain): JournalStore["Service"] => ({
  ...plain,
  feed: (page) => complain(plain.feed(page)),
  versionAt: (reference, position) => complain(plain.versionAt(reference, position)),
  sealable: (page) => complain(plain.sealable(page)),
  lastEntry: complain(plain.lastEntry),
  lastCheckpoint: complain(plain.lastCheckpoint),
  callbacksCountedTo: complain(plain.callbacksCountedTo),
  callbackDays: (fromDay) => complain(plain.callbackDays(fromDay)),
})

/**
 * How long a successful probe of the store stays valid. Any failure ends it earlier. Each probe is a real write, so
 * probes should be rare.
 */
export const readyKeptMs = 250

type Ready = LoanStore["Service"]["ready"]

/**
 * Limits how often the store is probed, however often readiness is asked for. If any request to the store fails, the
 * next readiness check probes again. That also holds for a failure while a probe is running.
 */
function probingRarely(complaints: Complain) {
  let failures = 0
  let readyUntil = Number.NEGATIVE_INFINITY
  const complain: Complain = (answer) =>
    Effect.tapError(complaints(answer), () =>
      Effect.sync(() => {
        failures++
        readyUntil = Number.NEGATIVE_INFINITY
      }),
    )
  const rarely = (probe: Ready): Ready =>
    Effect.gen(function* () {
      if ((yield* steadyMillis) < readyUntil) return
      const before = failures
      yield* probe
      if (failures === before) readyUntil = (yield* steadyMillis) + readyKeptMs
    })
  return { complain, rarely }
}

const watchedLoans = (
  plain: LoanStore["Service"],
  complain: Complain,
  rarely: (probe: Ready) => Ready,
): LoanStore["Service"] => ({
  ...plain,
  load: (reference) => complain(plain.load(reference)),
  loadAll: (references) => complain(plain.loadAll(references)),
  update: (reference, decide) => complain(traced("commit")(plain.update(reference, decide))),
  history: (reference, page) => complain(plain.history(reference, page)),
  loans: (page) => complain(plain.loans(page)),
  stageCounts: (account) => complain(plain.stageCounts(account)),
  stalledCount: (account) => complain(plain.stalledCount(account)),
  accounts: complain(plain.accounts),
  signingSince: (account) => complain(plain.signingSince(account)),
  ready: rarely(complain(plain.ready)),
})
