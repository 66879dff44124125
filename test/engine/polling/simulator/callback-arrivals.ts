import type { ChaosLevel } from "@loan-engine/app/sandbox/chaos"
import { drawFate } from "@loan-engine/app/sandbox/chaos"
import type { BankChange } from "@loan-engine/app/sandbox/life"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { Effect, Random } from "effect"
import type { Seeded } from "../../../proof/simulation/seeded.ts"
import { secondMs } from "../../../proof/simulation/world.ts"

/** How long a callback takes if nothing delays it. */
export const callbackTransitMs = 5 * secondMs

/**
 * When the callback of a change arrives, counted from the change. The result is empty for a lost callback and has two
 * times for a repeated one. The sandbox bank decides which callbacks are late or repeated. The scenario decides how
 * many are lost.
 */
export function drawArrivals(draws: Seeded, chaos: ChaosLevel, lostShare: number): ReadonlyArray<number> {
  if (draws.chance(lostShare)) return []
  const fate = Effect.runSync(Effect.provideService(drawFate(chaos), Random.Random, draws.random))
  const first = callbackTransitMs + (fate.heldBackMs ?? 0)
  return fate.againAfterMs === undefined ? [first] : [first, first + fate.againAfterMs]
}

/** The events in the callback of a change that is received at `at`. Empty if the change has no callback. */
export function callbackEvents(change: BankChange, at: number): ReadonlyArray<LoanEvent> {
  switch (change.type) {
    case "decided":
      return [{ type: change.decision === "APPROVED" ? "decision.approved" : "decision.rejected", at }]
    case "additionRequested":
      return [{ type: "addition.requested", at, requiredDocuments: [...change.documents] }]
    case "requoted":
      return [{ type: "decision.approved", at, offer: change.offer }]
    case "additionReceived":
    case "expired":
    case "reinspected":
      return []
    case "signed":
      return [{ type: "agreement.signed", at }]
    case "paidOut":
      return [{ type: "loan.paidOut", at }]
  }
}
