import { Schema } from "effect"
import type { Stage } from "./legal-transitions.ts"

/**
 * What a settled dispute came to, if what stood before it stands no more. `revoked`: a loan that was approved, signed or paid out is
 * rejected. `reinstated`: a rejected one is approved. `re-inspected`: a decided one is inspected by hand again.
 */
export const Reversal = Schema.Literals(["revoked", "reinstated", "re-inspected"])
export type Reversal = typeof Reversal.Type

interface Moved {
  readonly from: Stage
  readonly to: Stage
}

const approvedWay: ReadonlyArray<Stage> = ["approved", "waitingForAddition", "signed", "paidOut"]

/** By the stage that the dispute is left for: the stages from which it was entered, and what that is called. */
export const reversals: {
  readonly [S in Stage]?: { readonly name: Reversal; readonly enteredFrom: ReadonlyArray<Stage> }
} = {
  rejected: { name: "revoked", enteredFrom: approvedWay },
  approved: { name: "reinstated", enteredFrom: ["rejected"] },
  manualInspection: { name: "re-inspected", enteredFrom: [...approvedWay, "rejected"] },
}

/** Whether these steps leave a dispute that earlier ones have entered. */
export const leavesEarlierDispute = ([first]: ReadonlyArray<Moved>): boolean => first?.from === "disputed"

/** The stage from which the last of these steps into a dispute was taken. */
const disputeEnteredFrom = (steps: ReadonlyArray<Moved>): Stage | undefined =>
  steps.findLast(({ to }) => to === "disputed")?.from

/** What the steps reverse; `null` if nothing. `earlier` are the loan's steps before them: the dispute may have been entered there. */
export function reversalBy(steps: ReadonlyArray<Moved>, earlier: ReadonlyArray<Moved>): Reversal | null {
  const leaving = steps.findIndex(({ from }) => from === "disputed")
  const settled = reversals[steps[leaving]?.to ?? "disputed"]
  const from = disputeEnteredFrom([...earlier, ...steps.slice(0, Math.max(leaving, 0))])
  return settled !== undefined && from !== undefined && settled.enteredFrom.includes(from)
    ? settled.name
    : null
}
