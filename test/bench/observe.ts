import { Loan, observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanMachine } from "@loan-engine/domain/loan-machine"
import { Facts } from "@loan-engine/domain/facts"
import type { Observation } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { Schema } from "effect"
import { initialTransition, transition } from "xstate"
import type { Comparison, Figure } from "./figure.ts"
import { compare, perSecond } from "./figure.ts"

const applicationReference = ApplicationReference.make("ABC-123")
const account = AccountName.make("se")
const approvedAmount = parseDecimal("100000")
const offer = { ...(approvedAmount === undefined ? {} : { approvedAmount }), documentTypes: ["ID"] }

/**
 * Everything that the bank reports about one loan, by callbacks and polls. Some of it is repeated, and some is late.
 */
const life: ReadonlyArray<ReadonlyArray<LoanEvent>> = [
  [{ type: "decision.pending", at: 1 }],
  [{ type: "addition.requested", at: 5, requiredDocuments: ["ID"] }],
  [{ type: "decision.approved", at: 3, offer }],
  [{ type: "decision.approved", at: 4, fresh: true, offer }],
  [{ type: "addition.requested", at: 5, requiredDocuments: ["ID"] }],
  [{ type: "addition.cleared", at: 8 }],
  [{ type: "decision.approved", at: 9, offer }],
  [
    { type: "addition.cleared", at: 10 },
    { type: "agreement.signed", at: 10, method: "E_SIGN" },
  ],
  [{ type: "agreement.signed", at: 11 }],
  [{ type: "loan.paidOut", at: 12 }],
  [
    { type: "addition.cleared", at: 13 },
    { type: "agreement.signed", at: 13, method: "E_SIGN" },
    { type: "loan.paidOut", at: 13 },
  ],
]

const observations: ReadonlyArray<Observation> = life.map((events, index) => ({
  applicationReference,
  account,
  source: "callback",
  evidence: "jws",
  receivedAt: index,
  events,
}))

const opened = openLoan(applicationReference, account)

/**
 * Applies a loan's journal in memory. The floor does the same with XState's bare `transition` on the same machine.
 */
const fromFacts: Comparison = {
  name: "observe_from_facts",
  what: "observations folded from facts in memory, against XState's bare transition on the same chart",
  unit: "observations/s",
  goal: 3,
  ours: () =>
    perSecond(() => {
      let loan = opened
      for (const observation of observations) loan = observe(loan, observation).loan
      if (loan.stage !== "paidOut") throw new Error("the fold went astray")
    }, observations.length),
  floor: () =>
    perSecond(() => {
      let [snapshot] = initialTransition(loanMachine)
      for (const events of life) [snapshot] = transition(loanMachine, snapshot, { type: "observed", events })
      if (snapshot.value !== "paidOut") throw new Error("the fold went astray")
    }, life.length),
}

/** Each observation begins with a stored snapshot, as after a restart. The floor restores XState's own snapshot. */
const fromSnapshot: Comparison = {
  name: "observe_from_snapshot",
  what: "observations on a persisted snapshot, against XState's restore of it and bare transition",
  unit: "observations/s",
  goal: 3,
  ours: fromFacts.ours,
  floor: () =>
    perSecond(() => {
      let value = opened.stage
      let context = opened.facts
      for (const events of life) {
        const before = loanMachine.resolveState({ value, context })
        const [after] = transition(loanMachine, before, { type: "observed", events })
        value = after.value
        context = after.context
      }
      if (value !== "paidOut") throw new Error("the fold went astray")
    }, life.length),
}

const decodeLoan = Schema.decodeUnknownSync(Schema.fromJsonString(Loan))
const decodeFacts = Schema.decodeUnknownSync(Schema.fromJsonString(Facts))

/** Each observation decodes the loan's stored text with its schema and encodes the next text, as a store does. */
const fromText: Comparison = {
  name: "observe_from_stored_text",
  what: "observations on stored text, decoded by schema before and written after, against the same with bare transition",
  unit: "observations/s",
  goal: null,
  ours: () =>
    perSecond(() => {
      let stored = snapshotText(opened)
      for (const observation of observations)
        stored = snapshotText(observe(decodeLoan(stored), observation).loan)
    }, observations.length),
  floor: () =>
    perSecond(() => {
      let value = opened.stage
      let stored = JSON.stringify(opened.facts)
      for (const events of life) {
        const before = loanMachine.resolveState({ value, context: decodeFacts(stored) })
        const [after] = transition(loanMachine, before, { type: "observed", events })
        value = after.value
        stored = JSON.stringify(after.context)
      }
    }, life.length),
}

export async function observeFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  return [
    await compare(fromFacts, rounds),
    await compare(fromSnapshot, rounds),
    await compare(fromText, rounds),
  ]
}
