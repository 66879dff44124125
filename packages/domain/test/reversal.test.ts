import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Step } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { leavesEarlierDispute, reversalBy } from "@loan-engine/domain/reversal"
import type { Reversal } from "@loan-engine/domain/reversal"
import { describe, expect, it } from "vitest"

const [applicationReference, account] = [ApplicationReference.make("A"), AccountName.make("se")]

/** The reversal that each observation causes. It depends on the observation's own steps and on all earlier steps. */
function reversals(...heard: ReadonlyArray<ReadonlyArray<LoanEvent>>): ReadonlyArray<Reversal | null> {
  let loan = openLoan(applicationReference, account)
  let earlier: ReadonlyArray<Step> = []
  return heard.map((events) => {
    const said = { applicationReference, account, source: "quote", evidence: "bank" } as const
    const decision = observe(loan, { ...said, receivedAt: loan.version, events })
    loan = decision.loan
    const named = reversalBy(decision.steps, leavesEarlierDispute(decision.steps) ? earlier : [])
    earlier = [...earlier, ...decision.steps]
    return named
  })
}

const fresh = true
const approved = (at: number): LoanEvent => ({ type: "decision.approved", at })
const rejected = (at: number): LoanEvent => ({ type: "decision.rejected", at })
const signed = (at: number): LoanEvent => ({ type: "agreement.signed", at })
const quoted = (decision: "approved" | "rejected" | "pending", at: number): LoanEvent => ({
  type: `decision.${decision}`,
  at,
  fresh,
})

describe("a settled reversal has a name", () => {
  const lives: ReadonlyArray<
    readonly [string, ReadonlyArray<ReadonlyArray<LoanEvent>>, ReadonlyArray<Reversal | null>]
  > = [
    [
      "approved, then rejected by the bank's answer",
      [[approved(1)], [quoted("rejected", 2)]],
      [null, "revoked"],
    ],
    [
      "signed, contradicted, then rejected in an entry of its own",
      [[approved(1), signed(1)], [rejected(2)], [quoted("rejected", 3)]],
      [null, null, "revoked"],
    ],
    [
      "approved, contradicted, and approved after all",
      [[approved(1)], [rejected(2)], [quoted("approved", 3)]],
      [null, null, null],
    ],
    [
      "rejected, then approved and signed",
      [[rejected(1)], [approved(2)], [quoted("approved", 3), signed(3)]],
      [null, null, "reinstated"],
    ],
    [
      "approved, then inspected again, then rejected",
      [[approved(1)], [quoted("pending", 2)], [quoted("rejected", 3)]],
      [null, "re-inspected", null],
    ],
    ["rejected, then inspected again", [[rejected(1)], [quoted("pending", 2)]], [null, "re-inspected"]],
    ["contradicted from the start", [[approved(1), rejected(1)], [quoted("rejected", 2)]], [null, null]],
    [
      "revoked, reinstated and revoked again, each dispute by itself",
      [
        [approved(1)],
        [quoted("rejected", 2)],
        [approved(3)],
        [quoted("approved", 4)],
        [rejected(5)],
        [quoted("rejected", 6)],
      ],
      [null, "revoked", null, "reinstated", null, "revoked"],
    ],
  ]
  it.for(lives)("%s", ([, heard, expected]) => {
    expect(reversals(...heard)).toEqual(expected)
  })
})
