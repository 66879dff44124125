import { openLoan, observe } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { Change, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import type { Layer } from "effect"
import { Effect } from "effect"

export const account = AccountName.make("se")
export const otherAccount = AccountName.make("no")

export const signed = (reference: string, at: number, of = account): Observation => ({
  applicationReference: ApplicationReference.make(reference),
  account: of,
  source: "callback",
  evidence: "credentials",
  receivedAt: at,
  events: [{ type: "agreement.signed", at }],
})

/** The change that the engine would write for an observation. A poll is due at once. */
export const decide =
  (observation: Observation, body: string, confirm = false) =>
  (stored: StoredLoan | undefined): Change => {
    const before = stored?.loan ?? openLoan(observation.applicationReference, observation.account)
    const decision = observe(before, observation)
    const raw = new TextEncoder().encode(body)
    return {
      entry: journalEntry(
        observation,
        decision,
        { raw, digest: digestOf(raw) },
        1_000,
        stored?.chainHead ?? "",
      ),
      loan: decision.loan,
      schedule: { ...neverPolled, nextPollAt: observation.receivedAt, confirm },
      addsNothing: decision.disposition === "repeated",
    }
  }

export interface StoreUnderTest {
  /** A store whose data remain after it is closed. */
  readonly layer: Layer.Layer<LoanStore, unknown>
  /** Sets the clock with which the store measures leases. Absent if the store has no clock. */
  readonly setClock?: (now: number) => Promise<unknown>
}

export const using = <A>(
  { layer }: StoreUnderTest,
  use: (store: LoanStore["Service"]) => Effect.Effect<A, unknown>,
) => Effect.runPromise(Effect.flatMap(LoanStore, use).pipe(Effect.provide(layer)))
/** Sets the store's clock, if the store has one. */
export const setClock = (storage: StoreUnderTest, now: number) =>
  Effect.promise(async () => storage.setClock?.(now))
export const write = (store: LoanStore["Service"], observation: Observation, body: string) =>
  Effect.flatMap(store.update(observation.applicationReference, decide(observation, body)), (change) =>
    change === undefined ? Effect.die(new Error("nothing was written")) : Effect.succeed(change),
  )
