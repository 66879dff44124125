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

/** What the engine would have written for an observation, with a poll due at once. */
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
  /** The store on storage that is still there when it is opened again. */
  readonly layer: Layer.Layer<LoanStore, unknown>
  /** Sets the clock by which the store measures leases, if it has one of its own. */
  readonly setClock?: (now: number) => Promise<unknown>
}

export const using = <A>(
  { layer }: StoreUnderTest,
  use: (store: LoanStore["Service"]) => Effect.Effect<A, unknown>,
) => Effect.runPromise(Effect.flatMap(LoanStore, use).pipe(Effect.provide(layer)))
/** Sets the clock that the store goes by, if it has one of its own. */
export const setClock = (storage: StoreUnderTest, now: number) =>
  Effect.promise(async () => storage.setClock?.(now))
export const write = (store: LoanStore["Service"], observation: Observation, body: string) =>
  Effect.flatMap(store.update(observation.applicationReference, decide(observation, body)), (change) =>
    change === undefined ? Effect.die(new Error("nothing was written")) : Effect.succeed(change),
  )
