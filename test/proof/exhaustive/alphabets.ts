import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Offer } from "@loan-engine/domain/offer"
import type { Told } from "../properties/arbitraries.ts"
import { additionEvents, merchantEvents, secondThoughts, verdictEvents } from "./abstraction.ts"

/** A small set of events from which sets are drawn. It has few instants, so that events often have the same time. */
export interface Alphabet {
  readonly name: string
  readonly events: ReadonlyArray<Told>
}

const at = (instants: ReadonlyArray<Instant>, kinds: ReadonlyArray<(at: Instant) => Told>) =>
  instants.flatMap((instant) => kinds.map((kind) => kind(instant)))

const offering = (amount: string): Offer => {
  const approvedAmount = parseDecimal(amount)
  return approvedAmount === undefined ? {} : { approvedAmount }
}

/** The same kinds of events with different contents: offers, signing methods, documents, and persons who rule. */
const contents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "decision.approved", at, offer: offering("1000") }),
  (at) => ({ type: "decision.approved", at, offer: offering("2000") }),
  (at) => ({ type: "decision.approved", at, fresh: true, offer: offering("1000") }),
  (at) => ({ type: "decision.approved", at, fresh: true, offer: offering("2000") }),
  (at) => ({
    type: "agreement.signed",
    at,
    method: "E_SIGN",
    onOffer: { offer: offering("2000"), since: 1 },
  }),
  (at) => ({
    type: "agreement.signed",
    at,
    method: "ANALOG",
    onOffer: { offer: offering("1000"), since: 1 },
  }),
  (at) => ({ type: "addition.requested", at, requiredDocuments: ["ID"] }),
  (at) => ({ type: "addition.requested", at, requiredDocuments: ["PAYMENT_SLIP"] }),
  (at) => ({ type: "addition.requested", at, requiredDocuments: ["PAYMENT_SLIP"], adds: true }),
  (at) => ({ type: "addition.requested", at, requiredDocuments: ["ID", "PAYMENT_SLIP"], adds: true }),
  (at) => ({ type: "dispute.ruled", at, decision: "approved", by: "Ada", reason: "asked the bank" }),
  (at) => ({ type: "dispute.ruled", at, decision: "approved", by: "Lin", reason: "asked the bank" }),
]

/** One event for each kind of report from the bank. */
const bankWords: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "decision.approved", at, offer: offering("2000") }),
  (at) => ({ type: "decision.rejected", at }),
  (at) => ({ type: "decision.approved", at, fresh: true }),
  (at) => ({ type: "decision.rejected", at, fresh: true }),
  (at) => ({ type: "agreement.signed", at }),
  (at) => ({ type: "dispute.ruled", at, decision: "approved", by: "Ada", reason: "asked the bank" }),
]

const bankAnswers: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "decision.approved", at, fresh: true }),
  (at) => ({ type: "decision.rejected", at }),
  (at) => ({ type: "decision.rejected", at, fresh: true }),
  (at) => ({ type: "agreement.signed", at }),
]

/** Two people close the loan for different reasons. One of them opens it again, and so does progress at the bank. */
const closings: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "loan.closed", at, closedFor: "withdrawn", by: "Ada" }),
  (at) => ({ type: "loan.closed", at, closedFor: "expired", by: "Lin", approved: true }),
  (at) => ({ type: "loan.reopened", at, by: "Ada" }),
  (at) => ({ type: "loan.reopened", at }),
  (at) => ({ type: "decision.approved", at, fresh: true, offer: offering("1000") }),
  (at) => ({ type: "agreement.signed", at }),
]

const pending = (at: Instant): LoanEvent => ({ type: "decision.pending", at })

export const alphabets: ReadonlyArray<Alphabet> = [
  { name: "verdicts and rulings, before, at and after one another", events: at([1, 2, 3], verdictEvents) },
  {
    name: "verdicts, rulings and additions",
    events: at([1, 2], [pending, ...verdictEvents, ...additionEvents]),
  },
  {
    name: "a bank that inspects again, and denies what it paid out",
    events: at([1, 2, 3], [...secondThoughts, ...bankAnswers]),
  },
  { name: "offers, methods, documents and rulers", events: at([1, 2], contents) },
  {
    name: "closings, and what goes beyond them",
    events: at([1, 2, 3], [...closings, ...additionEvents]),
  },
  {
    name: "what a merchant handed over, and what the bank then says",
    events: [...at([1, 2], merchantEvents), ...at([1, 2], [pending, ...bankWords])],
  },
]
