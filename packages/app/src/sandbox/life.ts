import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Offer } from "@loan-engine/domain/offer"
import { Effect, Random } from "effect"
import type { Chaos, Fate } from "./chaos.ts"
import { drawFate } from "./chaos.ts"

/**
 * What can happen to an application at the bank. `additionReceived`, `reinspected` and `expired` cause no callback;
 * all others do.
 */
export type BankChange =
  | { readonly type: "decided"; readonly decision: "APPROVED" | "REJECTED" }
  /** The bank inspects the application by hand again, after any decision. */
  | { readonly type: "reinspected" }
  /** The bank makes a different offer. */
  | { readonly type: "requoted"; readonly offer: Offer }
  /** The bank's offer is no longer valid. */
  | { readonly type: "expired" }
  /** The bank waits for these documents, in addition to earlier ones. */
  | { readonly type: "additionRequested"; readonly documents: ReadonlyArray<string> }
  | { readonly type: "additionReceived" }
  | { readonly type: "signed"; readonly method: "E_SIGN" | "ANALOG" }
  | { readonly type: "paidOut" }

export type InitialDecision = "APPROVED" | "REJECTED" | "MANUAL_INSPECTION"

/**
 * One legal life of an application: the bank's immediate answer and the later events. `afterMs` is the bank time
 * since the previous event.
 */
export interface Life {
  readonly initial: InitialDecision
  readonly offer: Offer
  readonly requestedSigningMethod: "E_SIGN" | "MANUAL"
  readonly changes: ReadonlyArray<{
    readonly afterMs: number
    readonly change: BankChange
    readonly fate: Fate
  }>
}

const hourMs = 3_600_000

/** Draws a random legal life. The same seed gives the same life. */
export const drawLife = (seed: string, chaos: Chaos, initial?: InitialDecision): Effect.Effect<Life> =>
  drawFrom(chaos, initial).pipe(Random.withSeed(seed))

const drawFrom = Effect.fnUntraced(function* (chaos: Chaos, given?: InitialDecision) {
  const first = yield* Random.next
  const initial = given ?? (first < 0.6 ? "MANUAL_INSPECTION" : first < 0.9 ? "APPROVED" : "REJECTED")
  const changes: Array<Life["changes"][number]> = []
  const after = Effect.fnUntraced(function* (fromHours: number, toHours: number, change: BankChange) {
    const share = yield* Random.next
    const afterMs = Math.round((fromHours + share * (toHours - fromHours)) * hourMs)
    changes.push({ afterMs, change, fate: yield* drawFate(chaos) })
  })
  const addition = Effect.fnUntraced(function* () {
    const documents = (yield* Random.next) < 0.5 ? ["ID"] : ["ID", "PAYMENT_SLIP"]
    yield* after(1, 24, { type: "additionRequested", documents })
    if ((yield* Random.next) < 0.05) return false
    yield* after(4, 72, { type: "additionReceived" })
    return true
  })
  const offer = yield* drawOffer
  const requestedSigningMethod = (yield* Random.next) < 0.8 ? ("E_SIGN" as const) : ("MANUAL" as const)
  const life = (): Life => ({ initial, offer, requestedSigningMethod, changes })

  if (initial === "REJECTED") return life()
  if (initial === "MANUAL_INSPECTION") {
    if ((yield* Random.next) < 0.15 && !(yield* addition())) return life()
    const decision = (yield* Random.next) < 0.7 ? "APPROVED" : "REJECTED"
    yield* after(1, 48, { type: "decided", decision })
    if (decision === "REJECTED") return life()
  }
  if ((yield* Random.next) < 0.1) return life()
  while ((yield* Random.next) < 0.3) if (!(yield* addition())) return life()
  const method = requestedSigningMethod === "E_SIGN" ? "E_SIGN" : "ANALOG"
  yield* after(1, 72, { type: "signed", method })
  if ((yield* Random.next) < 0.95) yield* after(4, 48, { type: "paidOut" })
  return life()
})

const decimal = (text: string) => {
  const parsed = parseDecimal(text)
  return parsed === undefined ? {} : { value: parsed }
}

const drawOffer: Effect.Effect<Offer> = Effect.gen(function* () {
  const thousands = yield* Random.nextIntBetween(10, 400)
  const tenor = 12 * (yield* Random.nextIntBetween(1, 12))
  const amount = decimal(`${thousands * 1000}`).value
  const interest = decimal(
    `${yield* Random.nextIntBetween(3, 14)}.${yield* Random.nextIntBetween(0, 99)}`,
  ).value
  return {
    tenor,
    documentTypes: ["ID", "PAYMENT_SLIP"],
    ...(amount === undefined ? {} : { approvedAmount: amount }),
    ...(interest === undefined ? {} : { interest }),
  }
})
