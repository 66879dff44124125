import type { Disposition, HoldReason, Observation } from "@loan-engine/domain/observation"
import type { AccountName } from "@loan-engine/domain/observation"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { joinEvents } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import { marked, reopening } from "@loan-engine/domain/marked"
import { goesFurther, isClosed } from "@loan-engine/domain/standing"
import { observe, openLoan, tellerOf } from "@loan-engine/domain/loan"
import type { Loan, Step } from "@loan-engine/domain/loan"
import { isQuiet } from "@loan-engine/domain/quiet"
import { Clock, Context, Effect, Layer, PubSub, Random, Schema } from "effect"
import type { StoredEntry } from "../journal/entry.ts"
import { digestOf, journalEntry } from "../journal/entry.ts"
import type { HistoryPage, Change, StoredLoan, StoreUnavailable, WrittenChange } from "../ports/loan-store.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { LoanStore } from "../ports/loan-store.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"
import { graceMsOf, neverPolled } from "../schedule/poll-cadence.ts"
import { mayRest } from "../schedule/dormancy.ts"
import { soonAfterDenial, toldAfter } from "../schedule/denial.ts"
import { scheduleAfter } from "../schedule/poll-schedule.ts"
import {
  answeredTo,
  carried,
  levelsOf,
  noWatermark,
  questionAnswered,
  redelivered,
  signedBy,
  saysTheSame,
  telling,
} from "../schedule/watermark.ts"
import type { Watermark } from "../schedule/watermark.ts"
import { boundedBy, notAhead, requestsByReceipt, timely } from "../schedule/timely.ts"
import { alertIfStalled } from "./stalled-alert.ts"

/** What an observation did. It is returned only after the journal row is durable. */
export interface RecordResult {
  readonly disposition: Disposition
  readonly hold: HoldReason | null
  readonly steps: ReadonlyArray<Step>
  readonly loan: Loan
  /** Its position in the feed. */
  readonly position: number
}

/** The loan has a newer version than the caller saw. Nothing was written. Read the loan again, then decide. */
export class LoanMoved extends Schema.TaggedError<LoanMoved>()("LoanMoved", {
  applicationReference: ApplicationReference,
  expected: Schema.Int,
}) {
  override get message(): string {
    return `${this.applicationReference} is no longer at version ${this.expected}, so nothing was written. Read the loan again, then decide.`
  }
}

/** The engine. Everything is recorded through `record`; the other members read. */
export class LoanEngine extends Context.Service<
  LoanEngine,
  {
    /**
     * The only way to change a loan, for every source. It decides what the observation means. It writes the journal
     * row, the snapshot and the next poll in one transaction. It succeeds only after the transaction is durable.
     * `raw` contains the original bytes.
     */
    readonly record: (
      observation: Observation,
      raw: Uint8Array,
    ) => Effect.Effect<RecordResult, StoreUnavailable>

    /**
     * Like `record`, but only if the loan still has this version. Otherwise the caller's decision may no longer be
     * right.
     */
    readonly recordAt: (
      version: number,
      observation: Observation,
      raw: Uint8Array,
    ) => Effect.Effect<RecordResult, StoreUnavailable | LoanMoved>
    /**
     * Like `record`, but only if the loan has no registration yet. If several arrive at the same time, only one is
     * recorded. The others get `undefined`.
     */
    readonly register: (
      observation: Observation,
      raw: Uint8Array,
    ) => Effect.Effect<RecordResult | undefined, StoreUnavailable>
    readonly loan: (
      reference: ApplicationReference,
    ) => Effect.Effect<StoredLoan | undefined, StoreUnavailable>
    readonly loans: (
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>
    readonly history: (
      reference: ApplicationReference,
      page?: HistoryPage,
    ) => Effect.Effect<ReadonlyArray<StoredEntry>, StoreUnavailable>
    /** Every change in this process, after its commit. A slow subscriber misses the oldest changes. */
    readonly changes: PubSub.PubSub<WrittenChange>
  }
>()("@loan-engine/app/LoanEngine") {
  static readonly layer = (cadence: CadenceSettings): Layer.Layer<LoanEngine, never, LoanStore> =>
    Layer.effect(LoanEngine, makeEngine(cadence))
}

/** How many changes a slow in-process subscriber may lag behind before it misses the oldest. */
const changesKeptMax = 4_096

const makeEngine = Effect.fnUntraced(function* (cadence: CadenceSettings) {
  const store = yield* LoanStore
  const accounts = yield* KnownAccounts
  const hasBank = (account: AccountName): boolean => accounts.get(account)?.hasBank ?? true
  const changes = yield* PubSub.sliding<WrittenChange>(changesKeptMax)

  const write = Effect.fnUntraced(function* (
    observation: Observation,
    raw: Uint8Array,
    isWanted: (stored: StoredLoan | undefined) => boolean,
  ) {
    const digest = digestOf(raw)
    const jitter = yield* Random.next
    const recordedAt = yield* Clock.currentTimeMillis
    let before = neverPolled
    const change = yield* store.update(observation.applicationReference, (stored, storeNow) => {
      if (!isWanted(stored)) return undefined
      before = stored?.schedule ?? neverPolled
      const planning = { cadence, jitter, hasBank: hasBank(stored?.loan.account ?? observation.account) }
      return decide(stored, observation, { raw, digest }, { recordedAt, storeNow }, planning)
    })
    if (change === undefined) return undefined
    const { hold } = change.entry
    yield* alertIfStalled(change.loan, before, change.schedule, hold, hasBank(change.loan.account))
    const { entry, loan, position } = change
    if (change.isQuiet === true)
      return { disposition: "repeated" as const, hold: null, steps: [], loan, position }
    yield* PubSub.publish(changes, change)
    return { disposition: entry.disposition, hold: entry.hold, steps: entry.steps, loan, position }
  })
  const record = (observation: Observation, raw: Uint8Array) =>
    Effect.flatMap(write(observation, raw, always), (recorded) =>
      recorded === undefined ? Effect.die(unwanted) : Effect.succeed(recorded),
    )
  const recordAt = (expected: number, observation: Observation, raw: Uint8Array) =>
    Effect.flatMap(
      write(observation, raw, (stored) => stored?.loan.version === expected),
      (recorded) =>
        recorded === undefined
          ? Effect.fail(new LoanMoved({ applicationReference: observation.applicationReference, expected }))
          : Effect.succeed(recorded),
    )

  const register = (observation: Observation, raw: Uint8Array) =>
    write(observation, raw, (stored) => stored?.loan.registered !== true)

  return LoanEngine.of({
    record,
    recordAt,
    register,
    loan: store.load,
    loans: store.loadAll,
    history: store.history,
    changes,
  })
})

const always = (): boolean => true
const unwanted = new Error("an observation that is always wanted was not recorded")

function decide(
  stored: StoredLoan | undefined,
  observation: Observation,
  bytes: { readonly raw: Uint8Array; readonly digest: string },
  { recordedAt, storeNow }: { readonly recordedAt: number; readonly storeNow: number | undefined },
  planning: { readonly cadence: CadenceSettings; readonly jitter: number; readonly hasBank: boolean },
): Change {
  const before = stored ?? opened(observation.applicationReference, observation.account)
  const mark = before.watermark ?? noWatermark
  // The store's clock, if several engines share it. Otherwise this engine's clock.
  const now = storeNow ?? Math.max(recordedAt, observation.receivedAt)
  const carries = levelsOf(mark)
  const known = joinEvents(before.loan.facts, carries.levels ?? [])
  const bounded = boundedBy(observation, now)
  const dated =
    redelivered(mark, bounded) ??
    timely(requestsByReceipt(bounded, known, now), before.loan.facts, carries.levels, now)
  const said = marked(dated, known)
  const planned = { ...said, receivedAt: notAhead(said.receivedAt, now) }
  const { withLevels, decision } = decided(before.loan, known, { ...said, ...carries }, planned.receivedAt)
  const { disposition, hold } = decision
  const question = questionAnswered(said)
  const { cadence, jitter, hasBank } = planning
  const graceMs = graceMsOf(cadence)
  const plan = scheduleAfter(before, planned, decision, cadence, jitter, hasBank)
  const toldBefore = { told: mark.told, schedule: before.schedule }
  const told = hasBank ? toldAfter(toldBefore, planned, decision, cadence) : undefined
  const watermark = telling(mark, told)
  const schedule = soonAfterDenial(plan, told, planned, decision, cadence)
  const write = (loan: Loan, heard: Observation, after: Watermark) => ({
    entry: journalEntry(heard, decision, bytes, recordedAt, before.chainHead),
    loan,
    schedule,
    watermark: withRest(after, stored, { loan, schedule }, now),
  })
  // A held observation changes no fact, so its entry contains no repeats either.
  if (hold !== null) return { ...write(decision.loan, said, watermark), addsNothing: true }
  if (question !== undefined && saysTheSame(watermark, question, said) && isQuiet(before.loan, decision)) {
    const again = answeredTo(watermark, question, said, said.events, graceMs)
    return { ...write(before.loan, said, again), addsNothing: true, isQuiet: true }
  }
  const written = carried(signedBy(watermark, said))
  const answered = question === undefined ? written : answeredTo(written, question, said, [], graceMs)
  return { ...write(decision.loan, withLevels, answered), addsNothing: disposition === "repeated" }
}

/**
 * The watermark says when the polls of an unfinished loan ended because of silence. So the row itself tells such a
 * loan from one whose due time somebody removed, by any settings.
 */
function withRest(
  { restedAt, ...watermark }: Watermark,
  stored: StoredLoan | undefined,
  { loan, schedule }: Pick<StoredLoan, "loan" | "schedule">,
  now: Instant,
): Watermark {
  if (schedule.nextPollAt !== null || mayRest(loan)) return watermark
  const endsNow = stored === undefined || stored.schedule.nextPollAt !== null
  const since = endsNow ? now : restedAt
  return since === undefined ? watermark : { ...watermark, restedAt: since }
}

/**
 * Decides what the observation means. If the bank makes progress with a closed loan, the observation also reopens the
 * loan.
 */
function decided(loan: Loan, known: Facts, withLevels: Observation, at: Instant) {
  const decision = observe(loan, withLevels)
  const isBanks = tellerOf(withLevels) === "bank" && withLevels.source !== "operator"
  if (decision.hold !== null || !isBanks || !isClosed(loan.facts)) return { withLevels, decision }
  if (!goesFurther(known, decision.loan.facts)) return { withLevels, decision }
  const further = reopening(withLevels, decision.loan.facts, at)
  return { withLevels: further, decision: observe(loan, further) }
}

const opened = (reference: ApplicationReference, account: AccountName): StoredLoan => ({
  loan: openLoan(reference, account),
  chainHead: "",
  schedule: neverPolled,
})
