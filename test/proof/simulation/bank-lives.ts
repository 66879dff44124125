import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import type { BankChange } from "@loan-engine/app/sandbox/life"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Offer } from "@loan-engine/domain/offer"
import type { SandboxBank } from "@loan-engine/app/sandbox/sandbox-bank"
import { Effect, Queue } from "effect"
import { hourMs, minuteMs } from "./world.ts"
import type { World } from "./world.ts"

/**
 * Everything that a real bank can do next with a loan. A change is more likely if it is listed more often. The bank
 * may ask for documents several times. Before a pay-out it may revoke an approval or inspect it again. Sometimes it
 * re-opens a rejected loan.
 */
function lawfulChanges(loan: BankLoan, reopens: boolean): ReadonlyArray<BankChange> {
  const addition: BankChange = loan.waitingForAddition
    ? { type: "additionReceived" }
    : { type: "additionRequested", documents: ["ID"] }
  const more: BankChange = { type: "additionRequested", documents: ["PAYMENT_SLIP"] }
  const requote: BankChange = { type: "requoted", offer: otherOffer(loan) }
  const expire: BankChange = { type: "expired" }
  const approve: BankChange = { type: "decided", decision: "APPROVED" }
  const reject: BankChange = { type: "decided", decision: "REJECTED" }
  const inspect: BankChange = { type: "reinspected" }
  if (loan.paidOut) return []
  if (loan.decision === "REJECTED") return reopens ? [approve, approve, inspect] : []
  if (loan.decision === "MANUAL_INSPECTION") return [approve, approve, approve, reject, addition, addition]
  const paidOut: BankChange = { type: "paidOut" }
  if (loan.signedWithMethod !== undefined) return [paidOut, paidOut, paidOut, paidOut, reject, inspect]
  if (loan.waitingForAddition) return [addition, addition, addition, more, reject]
  const method = loan.requestedSigningMethod === "E_SIGN" ? "E_SIGN" : "ANALOG"
  const sign: BankChange = { type: "signed", method }
  const additions = [addition, addition, addition, addition]
  return [sign, sign, sign, sign, ...additions, requote, requote, expire, reject, inspect]
}

/** Alternates between two amounts, so that former offers return. */
function otherOffer({ offer }: BankLoan): Offer {
  const amount = Number(offer.approvedAmount ?? 10_000)
  const approvedAmount = parseDecimal(String(amount % 2_000 === 0 ? amount + 500 : amount - 500))
  return approvedAmount === undefined ? offer : { ...offer, approvedAmount }
}

/** The name of the bank's change of mind. `undefined` if the change is none. */
function changeOfMind({ decision }: BankLoan, change: BankChange): string | undefined {
  if (change.type === "reinspected") return "bank inspects again"
  if (change.type === "requoted") return "bank makes another offer"
  if (change.type === "expired") return "offer expires"
  if (change.type !== "decided" || decision === "MANUAL_INSPECTION") return undefined
  return change.decision === "APPROVED" ? "bank reopens" : "bank revokes"
}

/** The probability, at each step, that nothing more happens to a loan. */
const lifeEndsAt = 0.06

/** The probability that the bank re-opens a rejected loan. */
const reopensAt = 0.3

/** Gives every loan its own life of lawful changes, one after another, until the bank is frozen. */
export function makeBankLives(world: World, bank: SandboxBank) {
  const nudges = new Map<string, Queue.Queue<void>>()
  let frozen = false

  const live = (loan: BankLoan) =>
    Effect.gen(function* () {
      const draws = world.draws(`life/${loan.reference}`)
      const nudged = yield* Queue.sliding<void>(1)
      nudges.set(loan.reference, nudged)
      while (!draws.chance(lifeEndsAt)) {
        const waitMs = minuteMs * Math.exp(draws.between(0, Math.log((72 * hourMs) / minuteMs)))
        yield* Effect.raceFirst(Effect.sleep(waitMs), Queue.take(nudged))
        const [first, ...others] = lawfulChanges(loan, draws.chance(reopensAt))
        if (frozen || first === undefined) return
        const change = draws.pick([first, ...others])
        world.count(changeOfMind(loan, change) ?? "change as awaited")
        world.tell(() => `at the bank, ${loan.reference}: ${JSON.stringify(change)}`)
        yield* bank.trigger(change, loan.reference)
      }
    })

  return {
    live,
    nudge: (reference: string): void => {
      const nudged = nudges.get(reference)
      if (nudged !== undefined) Queue.offerUnsafe(nudged, undefined)
    },
    freeze: (): void => {
      frozen = true
    },
  }
}
