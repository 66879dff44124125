import { applyChange, trueStage } from "@loan-engine/app/sandbox/bank-loan"
import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import { drawLife } from "@loan-engine/app/sandbox/life"
import type { Life } from "@loan-engine/app/sandbox/life"
import { thinkingAgain } from "@loan-engine/app/sandbox/second-thoughts"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

const seeds = Array.from({ length: 400 }, (_, index) => `life-${index}`)
const livesWith = (share: number): ReadonlyArray<Life> =>
  seeds.map((seed) =>
    Effect.runSync(
      Effect.flatMap(drawLife(seed, "hell"), (life) => thinkingAgain(life, seed, "hell", share)),
    ),
  )

/** Every stage of a life at the bank. */
function stagesOf({ initial, offer, requestedSigningMethod, changes }: Life): ReadonlyArray<string> {
  const loan: BankLoan = {
    reference: ApplicationReference.make("A"),
    account: "se",
    offer,
    requestedSigningMethod,
    decision: initial,
    waitingForAddition: false,
    documents: [],
    signedWithMethod: undefined,
    paidOut: false,
    over: false,
  }
  return [
    trueStage(loan),
    ...changes.map(({ change }) => {
      applyChange(loan, change)
      return trueStage(loan)
    }),
  ]
}

describe("the sandbox bank's second thoughts", () => {
  it("are of every kind: it revokes, re-opens, inspects again, makes another offer, and lets an offer expire", () => {
    const lives = livesWith(1)
    const changes = lives.flatMap((life) => life.changes.map(({ change }) => change.type))
    expect(changes).toEqual(expect.arrayContaining(["requoted", "reinspected", "expired"]))
    const moves = lives.flatMap((life) =>
      stagesOf(life).map((stage, index, all) => `${all[index - 1]} ${stage}`),
    )
    expect(moves).toEqual(
      expect.arrayContaining(["approved rejected", "rejected approved", "approved manualInspection"]),
    )
  })

  it("come before the signature, and pay out only approved loans", () => {
    for (const life of livesWith(1)) {
      const stages = stagesOf(life)
      const signed = stages.findIndex((stage) => stage === "signed" || stage === "paidOut")
      const after = new Set(signed < 0 ? [] : stages.slice(signed))
      expect([...after].filter((stage) => stage !== "signed" && stage !== "paidOut")).toEqual([])
    }
  })

  it("never lose the callback of a re-opening, which no poll would report", () => {
    for (const { changes } of livesWith(1)) {
      const rejectedAt = changes.findIndex(
        ({ change }) => change.type === "decided" && change.decision === "REJECTED",
      )
      const reopened = changes.slice(rejectedAt + 1).find(({ change }) => change.type === "decided")
      if (rejectedAt >= 0 && reopened !== undefined) expect(reopened.fate).toEqual({ dropped: false })
    }
  })

  it("affect a share of the lives, and leave the others unchanged", () => {
    const drawn = seeds.map((seed) => Effect.runSync(drawLife(seed, "hell")))
    expect(livesWith(0)).toEqual(drawn)
    const changed = livesWith(0.15).filter(
      (life, index) => JSON.stringify(life) !== JSON.stringify(drawn[index]),
    )
    expect(changed.length / seeds.length).toBeGreaterThan(0.05)
    expect(changed.length / seeds.length).toBeLessThan(0.25)
  })
})
