import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Offer } from "@loan-engine/domain/offer"
import type { Observation } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { observed, reference, registered } from "./arbitraries.ts"

/** The bank's own state of one application. It is independent of the engine. */
export interface Bank {
  decision: "APPROVED" | "REJECTED" | "MANUAL_INSPECTION"
  waiting: boolean
  signed: boolean
  paidOut: boolean
  /** The bank's current offer while it approves, and the offer that the customer has signed. */
  offer: Offer
  signedOn: Offer | undefined
  /** The documents for which the bank waits. */
  documents: ReadonlyArray<string>
}

/** A life at a lawful bank: its state at the end, and all its messages in the order in which it sent them. */
export interface LawfulLife {
  readonly bank: Bank
  readonly said: ReadonlyArray<Observation>
  /** For each message, whether the bank waited for documents at that time and had reported this by a callback. */
  readonly waited: ReadonlyArray<boolean>
}

type Act =
  | "approve"
  | "reject"
  | "request"
  | "receive"
  | "sign"
  | "pay"
  | "revoke"
  | "reopen"
  | "inspect"
  | "inspectUntold"
  | "requote"
  | "requoteUntold"
  | "requestMore"
  | "expire"

/** The acts of a bank that never changes its mind. */
const steadfast = ["approve", "reject", "request", "receive", "sign", "pay"] as const
/** The acts of a real bank, which also changes its mind. */
const thinkingAgain = [
  ...steadfast,
  "revoke",
  "reopen",
  "inspect",
  "inspectUntold",
  "requote",
  "requoteUntold",
  "requestMore",
  "expire",
] as const

/** When a real bank can do each act. The callbacks follow the bank's page, "Example callbacks". */
const lawful: { readonly [A in Act]: (bank: Bank) => boolean } = {
  revoke: (bank) => bank.decision === "APPROVED",
  reopen: (bank) => bank.decision === "REJECTED",
  inspect: (bank) => bank.decision !== "MANUAL_INSPECTION",
  inspectUntold: (bank) => bank.decision !== "MANUAL_INSPECTION",
  approve: (bank) => bank.decision === "MANUAL_INSPECTION",
  reject: (bank) => bank.decision === "MANUAL_INSPECTION",
  requote: (bank) => bank.decision === "APPROVED",
  requoteUntold: (bank) => bank.decision === "APPROVED",
  requestMore: (bank) => bank.waiting && bank.decision !== "REJECTED" && !bank.signed,
  expire: (bank) => bank.decision === "APPROVED" && !bank.signed,
  request: (bank) => bank.decision !== "REJECTED" && !bank.signed && !bank.waiting,
  receive: (bank) => bank.waiting,
  sign: (bank) => bank.decision === "APPROVED" && !bank.signed && !bank.waiting,
  pay: (bank) => bank.decision === "APPROVED" && bank.signed && !bank.paidOut,
}

/** Performs an act. Gives its callback, or `undefined` if the act has none. */
function act(bank: Bank, what: Act, at: number): LoanEvent | undefined {
  switch (what) {
    case "inspect":
      bank.decision = "MANUAL_INSPECTION"
      return { type: "decision.pending", at }
    case "inspectUntold":
      bank.decision = "MANUAL_INSPECTION"
      return undefined
    case "approve":
    case "reopen":
      bank.decision = "APPROVED"
      return { type: "decision.approved", at, offer: bank.offer }
    case "requote":
      bank.offer = nextOffer(bank)
      return { type: "decision.approved", at, offer: bank.offer }
    case "requoteUntold":
      bank.offer = nextOffer(bank)
      return undefined
    case "expire":
      bank.decision = "REJECTED"
      return undefined
    case "requestMore":
      bank.documents = ["ID", "PAYMENT_SLIP"]
      return { type: "addition.requested", at, requiredDocuments: ["PAYMENT_SLIP"] }
    case "reject":
    case "revoke":
      bank.decision = "REJECTED"
      return { type: "decision.rejected", at }
    case "request":
      bank.waiting = true
      bank.documents = ["ID"]
      return { type: "addition.requested", at, requiredDocuments: ["ID"] }
    case "receive":
      bank.waiting = false
      bank.documents = []
      return undefined
    case "sign":
      bank.signed = true
      bank.signedOn = bank.offer
      return { type: "agreement.signed", at }
    case "pay":
      bank.paidOut = true
      return { type: "loan.paidOut", at }
  }
}

const offers: ReadonlyArray<Offer> = ["1000", "2000"].map((amount) => {
  const approvedAmount = parseDecimal(amount)
  if (approvedAmount === undefined) throw new Error(`no decimal: ${amount}`)
  return { approvedAmount }
})

/** Alternates between two offers, so that every offer after the second is an earlier one. */
const nextOffer = ({ offer }: Bank): Offer => (offer === offers[0] ? offers[1] : offers[0]) ?? {}

const newBank = (decision: Bank["decision"]): Bank => ({
  decision,
  waiting: false,
  signed: false,
  paidOut: false,
  offer: offers[0] ?? {},
  signedOn: undefined,
  documents: [],
})

/** The stage from the bank's view. If the bank denies a pay-out that it made, only the dispute is right. */
export function bankStage(bank: Bank): Stage {
  if (bank.paidOut && bank.decision !== "APPROVED") return "disputed"
  if (bank.decision === "REJECTED") return "rejected"
  if (bank.decision === "MANUAL_INSPECTION") return "manualInspection"
  if (bank.paidOut) return "paidOut"
  if (bank.signed) return "signed"
  return bank.waiting ? "waitingForAddition" : "approved"
}

/** How far the bank's read replicas may be behind: at most one act. */
export const lagMax = 12

/**
 * The answers to a poll and a quote at this instant. An answer that documents are cleared counts only for some time
 * before.
 */
export function answers(bank: Bank, at: number): ReadonlyArray<Observation> {
  const status = {
    waitingForAddition: bank.waiting,
    paidOut: bank.paidOut,
    ...(bank.signed ? { signedWithMethod: "E_SIGN" } : {}),
  }
  const offer = bank.decision === "APPROVED" ? bank.offer : {}
  const quote = { applicationReference: reference, decision: bank.decision, offer }
  return [
    {
      ...observed(applicationStatusEvents(status, at, at - lagMax)),
      source: "poll",
      evidence: "bank",
      receivedAt: at,
    },
    { ...observed(applicationQuoteEvents(quote, at)), source: "quote", evidence: "bank", receivedAt: at },
  ]
}

const actsMax = 30

/** The answer to the submission, and then all wished acts that are lawful. A poll and a quote follow some of them. */
const livesOf = (
  wishes: ReadonlyArray<Act>,
  asked: fc.Arbitrary<"no" | "now" | "lagging">,
): fc.Arbitrary<LawfulLife> =>
  fc
    .record({
      initial: fc.constantFrom<Bank["decision"]>("APPROVED", "REJECTED", "MANUAL_INSPECTION"),
      acts: fc.array(fc.constantFrom(...wishes), { maxLength: actsMax }),
      polled: fc.array(asked, { minLength: actsMax, maxLength: actsMax }),
    })
    .map(({ initial, acts: wished, polled }) => {
      const bank = newBank(initial)
      const said: Array<Observation> = [submitted(initial)]
      const waited = [false]
      const say = (...words: ReadonlyArray<Observation>): void => {
        said.push(...words)
        waited.push(...words.map(() => bank.waiting))
      }
      wished.forEach((what, index) => {
        if (!lawful[what](bank)) return
        const at = 20 + 20 * index
        const before = { ...bank }
        const callback = act(bank, what, at)
        if (callback !== undefined) say({ ...observed([callback]), receivedAt: at })
        if (polled[index] === "lagging") say(...answers(before, at + 5))
        if (polled[index] === "now") say(...answers(bank, at + 15))
      })
      return { bank, said, waited }
    })

/** Lives at a bank that changes its mind and has replicas that lag, and at a bank without both. */
export const realLives = livesOf(thinkingAgain, fc.constantFrom("no", "now", "lagging"))
export const steadfastLives = livesOf(steadfast, fc.constantFrom("no", "now"))
/**
 * Lives at a bank that changes its mind, with a poll after each act. The engine polls so often while it is in doubt.
 */
export const followedLives = livesOf(thinkingAgain, fc.constant("now"))

function submitted(decision: Bank["decision"]): Observation {
  const types = {
    APPROVED: "decision.approved",
    REJECTED: "decision.rejected",
    MANUAL_INSPECTION: "decision.pending",
  } as const
  return {
    ...registered([{ type: types[decision], at: 10 }]),
    receivedAt: 10,
  }
}
