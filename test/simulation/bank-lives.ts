import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import type { BankChange } from "@loan-engine/app/sandbox/life"
import type { SandboxBank } from "@loan-engine/app/sandbox/sandbox-bank"
import { Effect, Queue } from "effect"
import { hourMs, minuteMs } from "./world.ts"
import type { World } from "./world.ts"

/**
 * Everything a lawful bank can do next with a loan, as often as it is listed. A loan may be asked for documents again and
 * again, and an approval may be taken back until the agreement is signed.
 */
function lawfulChanges(loan: BankLoan): ReadonlyArray<BankChange> {
  const addition: BankChange = loan.waitingForAddition
    ? { type: "additionReceived" }
    : { type: "additionRequested", documents: ["ID"] }
  const approve: BankChange = { type: "decided", decision: "APPROVED" }
  const reject: BankChange = { type: "decided", decision: "REJECTED" }
  if (loan.decision === "REJECTED" || loan.paidOut) return []
  if (loan.decision === "MANUAL_INSPECTION") return [approve, approve, approve, reject, addition, addition]
  if (loan.signedWithMethod !== undefined) return [{ type: "paidOut" }]
  if (loan.waitingForAddition) return [addition, addition, addition, reject]
  const method = loan.requestedSigningMethod === "E_SIGN" ? "E_SIGN" : "ANALOG"
  const sign: BankChange = { type: "signed", method }
  return [sign, sign, sign, sign, addition, addition, addition, addition, reject]
}

/** How likely it is, at each step, that nothing more ever happens to a loan. */
const lifeEndsAt = 0.06

/** Leads every loan a life of its own, one lawful change after another, until the bank is frozen. */
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
        const [first, ...others] = lawfulChanges(loan)
        if (frozen || first === undefined) return
        const change = draws.pick([first, ...others])
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
