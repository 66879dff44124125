import type { Loan } from "@loan-engine/domain/loan"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { account, observed, reference } from "../properties/arbitraries.ts"

const asked: LoanEvent = { type: "addition.requested", at: 2, requiredDocuments: ["ID"] }
const approved: LoanEvent = { type: "decision.approved", at: 1 }
const rejected: LoanEvent = { type: "decision.rejected", at: 3 }

const after = (...events: ReadonlyArray<LoanEvent>): Loan =>
  observe(openLoan(reference, account), observed([asked, ...events])).loan

/** Loans for which the bank has requested a document. */
export const known = {
  rejected: after(rejected),
  paidOut: after({ type: "loan.paidOut", at: 3 }),
  closed: after(approved, { type: "loan.closed", at: 3, closedFor: "expired", by: "Ada" }),
  signed: after(approved, { type: "agreement.signed", at: 3 }),
  disputed: after(approved, rejected),
}
