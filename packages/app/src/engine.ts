import type { Disposition, HoldReason, Observation } from "@loan-engine/domain/observation"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Loan, Step } from "@loan-engine/domain/loan"
import { Clock, Context, Effect, Layer, PubSub, Random } from "effect"
import type { StoredEntry } from "./journal.ts"
import { digestOf, journalEntry } from "./journal.ts"
import type { Change, StoredLoan, StoreUnavailable } from "./loan-store.ts"
import { LoanStore } from "./loan-store.ts"
import type { CadenceSettings } from "./poll-cadence.ts"
import { neverPolled } from "./poll-cadence.ts"
import { scheduleAfter } from "./poll-schedule.ts"
import { alertIfStalled } from "./stalled-alert.ts"

/** What became of an observation, once its journal row is durable. */
export interface Recorded {
  readonly disposition: Disposition
  readonly hold: HoldReason | null
  readonly steps: ReadonlyArray<Step>
  readonly loan: Loan
}

/** The engine: the one path in, and what is read from it. */
export class LoanEngine extends Context.Service<
  LoanEngine,
  {
    /**
     * The one path in, for every source: decides what the observation means, writes journal row, snapshot and next poll in
     * one transaction, and succeeds only once that is durable. `raw` are the bytes as they came.
     */
    readonly record: (observation: Observation, raw: Uint8Array) => Effect.Effect<Recorded, StoreUnavailable>
    readonly loan: (
      reference: ApplicationReference,
    ) => Effect.Effect<StoredLoan | undefined, StoreUnavailable>
    readonly history: (
      reference: ApplicationReference,
    ) => Effect.Effect<ReadonlyArray<StoredEntry>, StoreUnavailable>
    /** Each change as it is committed, in process; a slow subscriber misses the oldest ones. */
    readonly changes: PubSub.PubSub<Change>
  }
>()("@loan-engine/app/LoanEngine") {
  static readonly layer = (cadence: CadenceSettings): Layer.Layer<LoanEngine, never, LoanStore> =>
    Layer.effect(LoanEngine, makeEngine(cadence))
}

/** How many changes a slow in-process subscriber may lag behind before it misses the oldest. */
const changesKeptMax = 4_096

const makeEngine = Effect.fnUntraced(function* (cadence: CadenceSettings) {
  const store = yield* LoanStore
  const changes = yield* PubSub.sliding<Change>(changesKeptMax)

  const record = Effect.fn("LoanEngine.record")(function* (observation: Observation, raw: Uint8Array) {
    const digest = digestOf(raw)
    const jitter = yield* Random.next
    const recordedAt = yield* Clock.currentTimeMillis
    let before = neverPolled
    const change = yield* store.update(observation.applicationReference, (stored) => {
      before = stored?.schedule ?? neverPolled
      return decide(stored, observation, { raw, digest }, recordedAt, jitter, cadence)
    })
    yield* alertIfStalled(change.loan, before, change.schedule)
    yield* PubSub.publish(changes, change)
    const { entry, loan } = change
    return { disposition: entry.disposition, hold: entry.hold, steps: entry.steps, loan }
  })

  return LoanEngine.of({ record, loan: store.load, history: store.history, changes })
})

function decide(
  stored: StoredLoan | undefined,
  observation: Observation,
  bytes: { readonly raw: Uint8Array; readonly digest: string },
  recordedAt: number,
  jitter: number,
  cadence: CadenceSettings,
): Change {
  const before = stored ?? opened(observation.applicationReference, observation.account)
  const decision = observe(before.loan, observation)
  const { disposition } = decision
  return {
    entry: journalEntry(observation, decision, bytes, recordedAt, before.chainHead),
    loan: decision.loan,
    schedule: scheduleAfter(before, observation, decision, cadence, jitter),
    addsNothing: disposition === "repeated" || disposition === "held",
  }
}

const opened = (reference: ApplicationReference, account: AccountName): StoredLoan => ({
  loan: openLoan(reference, account),
  chainHead: "",
  schedule: neverPolled,
})
