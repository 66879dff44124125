import { Schema } from "effect"
import type { Stage } from "./legal-transitions.ts"

/**
 * How a dispute was settled, if the earlier decision no longer counts. `revoked`: a loan that was approved, signed or
 * paid out is rejected. `reinstated`: a rejected loan is approved. `re-inspected`: the bank inspects a decided loan
 * by hand again.
 */
export const Reversal = Schema.Literals(["revoked", "reinstated", "re-inspected"])
export type Reversal = typeof Reversal.Type

interface Moved {
  readonly from: Stage
  readonly to: Stage
}

const approvedWay: ReadonlyArray<Stage> = ["approved", "waitingForAddition", "signed", "paidOut"]

/**
 * For each stage after a dispute: the reversal's name, and the stages before the dispute for which it is a reversal.
 */
export const reversals: {
  readonly [S in Stage]?: { readonly name: Reversal; readonly enteredFrom: ReadonlyArray<Stage> }
} = {
  rejected: { name: "revoked", enteredFrom: approvedWay },
  approved: { name: "reinstated", enteredFrom: ["rejected"] },
  manualInspection: { name: "re-inspected", enteredFrom: [...approvedWay, "rejected"] },
}

/** Whether the first of these steps leaves a dispute. If so, an earlier observation entered it. */
export const leavesEarlierDispute = ([first]: ReadonlyArray<Moved>): boolean => first?.from === "disputed"

/** The stage before the last step into a dispute. */
const disputeEnteredFrom = (steps: ReadonlyArray<Moved>): Stage | undefined =>
  steps.findLast(({ to }) => to === "disputed")?.from

/**
 * The reversal that these steps make, or `null`. `earlier` are the steps that the loan took before: the dispute may
 * have been entered there.
 */
export function reversalBy(steps: ReadonlyArray<Moved>, earlier: ReadonlyArray<Moved>): Reversal | null {
  const leaving = steps.findIndex(({ from }) => from === "disputed")
  const settled = reversals[steps[leaving]?.to ?? "disputed"]
  const from = disputeEnteredFrom([...earlier, ...steps.slice(0, Math.max(leaving, 0))])
  return settled !== undefined && from !== undefined && settled.enteredFrom.includes(from)
    ? settled.name
    : null
}
