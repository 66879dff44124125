import { ClosureReason } from "@loan-engine/domain/closure"
import { stages } from "@loan-engine/domain/legal-transitions"
import { Verdict } from "@loan-engine/domain/loan-event"
import { Reversal } from "@loan-engine/domain/reversal"
import { Schema } from "effect"

/** The bank's knowledge of the loan from here on. Missing members stay unchanged. */
const BankKnows = Schema.Struct({
  decision: Schema.optionalKey(Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])),
  /** The amount that it offers, in whole crowns. */
  offer: Schema.optionalKey(Schema.Int),
  waitingForAddition: Schema.optionalKey(Schema.Boolean),
  signedWithMethod: Schema.optionalKey(Schema.Literals(["E_SIGN", "ANALOG"])),
  paidOut: Schema.optionalKey(Schema.Boolean),
  /** It answers no question about the loan. */
  silent: Schema.optionalKey(Schema.Boolean),
  /**
   * How far its own clock is ahead, or behind if negative. It signs the callbacks of such a life, so they contain its
   * time.
   */
  clockAheadMinutes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: -1_440, maximum: 1_440 })),
  ),
})
export type BankKnows = typeof BankKnows.Type

/** A callback as it reaches the engine: its content, and its mishaps. */
const Heard = Schema.Struct({
  says: Schema.Literals(["approved", "rejected", "inspected", "documents", "signed", "paidOut"]),
  /** The amount that is offered. */
  offer: Schema.optionalKey(Schema.Int),
  documents: Schema.optionalKey(Schema.Array(Schema.String)),
  /** How often it is delivered. The default is once. */
  times: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))),
  /** It comes from a sender without the credentials. */
  forged: Schema.optionalKey(Schema.Boolean),
})
export type Heard = typeof Heard.Type

/** The expected state. Missing members may have any value. */
const Stands = Schema.Struct({
  stage: Schema.optionalKey(Schema.Literals(stages)),
  /** Who must act, and how, as in `customer sign-agreement`. */
  next: Schema.optionalKey(Schema.String),
  /** The amount of the standing offer. `null` for none. */
  offer: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  /** The amounts of all offers, the newest last. */
  offers: Schema.optionalKey(Schema.Array(Schema.Int)),
  signedOffer: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  signedWith: Schema.optionalKey(Schema.NullOr(Schema.String)),
  outstanding: Schema.optionalKey(Schema.Boolean),
  documents: Schema.optionalKey(Schema.Array(Schema.String)),
  registered: Schema.optionalKey(Schema.Boolean),
  closed: Schema.optionalKey(Schema.Boolean),
  stalled: Schema.optionalKey(Schema.Boolean),
  /** Every stage so far. */
  went: Schema.optionalKey(Schema.Array(Schema.Literals(stages))),
  /** What its history reports, in order: reversals, and that it was closed or opened again. */
  told: Schema.optionalKey(
    Schema.Array(Schema.Union([Reversal, Schema.Literal("closed"), Schema.Literal("reopened")])),
  ),
})
export type Stands = typeof Stands.Type

/** One step: an event at the bank, in transit or at the operator's desk; or a check of the state. */
export const LifeStep = Schema.Union([
  Schema.Struct({ bank: BankKnows }),
  Schema.Struct({ callback: Heard }),
  Schema.Struct({ register: Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"]) }),
  Schema.Struct({ ask: Schema.Literal(true) }),
  Schema.Struct({ close: ClosureReason }),
  Schema.Struct({ reopen: Schema.Literal(true) }),
  Schema.Struct({ rule: Verdict }),
  Schema.Struct({ stands: Stands }),
])
export type LifeStep = typeof LifeStep.Type

/** A loan's life in a file: what the bank does, what reaches the engine, and the expected state at each step. */
export const ToldLife = Schema.Struct({
  name: Schema.NonEmptyString,
  story: Schema.NonEmptyString,
  steps: Schema.NonEmptyArray(LifeStep),
})
export type ToldLife = typeof ToldLife.Type

/** A step in words, for the person who watches. */
export function stepInWords(step: LifeStep): string {
  if ("bank" in step) return `the bank ${bankInWords(step.bank)}`
  if ("callback" in step) return `a callback reports: ${heardInWords(step.callback)}`
  if ("register" in step) return `the merchant registers the loan as ${step.register}`
  if ("ask" in step) return "the engine polls the bank"
  if ("close" in step) return `an operator closes the loan: ${step.close}`
  if ("reopen" in step) return "an operator reopens the loan"
  if ("rule" in step) return `an operator rules: ${step.rule}`
  return `the engine must know: ${standsInWords(step.stands)}`
}

function bankInWords({
  decision,
  offer,
  waitingForAddition,
  signedWithMethod,
  paidOut,
  silent,
  clockAheadMinutes,
}: BankKnows): string {
  const words = [
    decision === undefined ? undefined : `decides ${decision}`,
    offer === undefined ? undefined : `offers ${offer}`,
    waitingForAddition === undefined
      ? undefined
      : waitingForAddition
        ? "waits for documents"
        : "waits for no documents",
    signedWithMethod === undefined ? undefined : `has the signature (${signedWithMethod})`,
    paidOut === undefined ? undefined : paidOut ? "has paid out" : "has not paid out",
    silent === undefined ? undefined : silent ? "does not answer" : "answers again",
    clockAheadMinutes === undefined ? undefined : clockInWords(clockAheadMinutes),
  ]
  return words.filter((word) => word !== undefined).join(", ")
}

const clockInWords = (aheadMinutes: number): string =>
  aheadMinutes === 0
    ? "has a right clock"
    : `has a clock that is ${Math.abs(aheadMinutes)} minutes ${aheadMinutes > 0 ? "ahead" : "behind"}`

function heardInWords({ says, offer, documents, times = 1, forged = false }: Heard): string {
  const words = [
    says,
    offer === undefined ? undefined : `offer ${offer}`,
    documents === undefined ? undefined : documents.join(" and "),
    times === 1 ? undefined : `arrives ${times} times`,
    forged ? "without the credentials" : undefined,
  ]
  return words.filter((word) => word !== undefined).join(", ")
}

const standsInWords = (stands: Stands): string =>
  Object.entries(stands)
    .map(
      ([name, value]) =>
        `${name} = ${Array.isArray(value) ? value.join(", ") || "none" : String(value ?? "none")}`,
    )
    .join("; ")
