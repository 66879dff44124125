import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { observed } from "./arbitraries.ts"
import type { PropertyId } from "./law.ts"

/** A trace that once broke a property, and the stage at which it must end. */
export interface Pinned {
  readonly property: PropertyId
  readonly what: string
  readonly trace: ReadonlyArray<Observation>
  readonly stage: Stage
}

const said = (...batches: ReadonlyArray<ReadonlyArray<LoanEvent>>): ReadonlyArray<Observation> =>
  batches.map(observed)

export const pinned: ReadonlyArray<Pinned> = [
  {
    property: "P2",
    what: "a later report of the signature with another method is no news about the first",
    trace: said(
      [{ type: "agreement.signed", at: 4, method: "E_SIGN" }],
      [{ type: "agreement.signed", at: 2, method: "ANALOG" }],
      [{ type: "agreement.signed", at: 9, method: "ANALOG" }],
    ),
    stage: "signed",
  },
  {
    property: "P8",
    what: "approval and rejection in one observation lead from the submission directly into the dispute",
    trace: said([
      { type: "decision.rejected", at: 1 },
      { type: "decision.approved", at: 1 },
    ]),
    stage: "disputed",
  },
  {
    property: "P4",
    what: "a rejection from before the ruling that arrives after it has no effect",
    trace: said(
      [{ type: "decision.approved", at: 1 }],
      [{ type: "dispute.ruled", at: 5, decision: "approved", by: "Ada", reason: "asked the bank" }],
      [{ type: "decision.rejected", at: 3 }],
    ),
    stage: "approved",
  },
  {
    property: "P1",
    what: "a ruling against a paid-out loan passes through the dispute",
    trace: said(
      [{ type: "loan.paidOut", at: 1 }],
      [{ type: "dispute.ruled", at: 2, decision: "rejected", by: "Ada", reason: "the bank took it back" }],
    ),
    stage: "rejected",
  },
  {
    property: "P5",
    what: "a loan is paid out after a poll during the inspection, and no answer denies the pay-out",
    trace: said(
      [{ type: "decision.pending", at: 1, fresh: true }],
      [{ type: "decision.approved", at: 2 }],
      [{ type: "agreement.signed", at: 3 }],
      [{ type: "loan.paidOut", at: 4, fresh: true }],
    ),
    stage: "paidOut",
  },
]
