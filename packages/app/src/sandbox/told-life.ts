import { ClosureReason } from "@loan-engine/domain/closure"
import { stages } from "@loan-engine/domain/legal-transitions"
import { Verdict } from "@loan-engine/domain/loan-event"
import { Reversal } from "@loan-engine/domain/reversal"
import { Schema } from "effect"

/** The bank's state of the loan from this step on. A missing member stays as it was. */
const BankKnows = Schema.Struct({
  decision: Schema.optionalKey(Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])),
  /** The amount of the bank's offer, in whole crowns. */
  offer: Schema.optionalKey(Schema.Int),
  waitingForAddition: Schema.optionalKey(Schema.Boolean),
  signedWithMethod: Schema.optionalKey(Schema.Literals(["E_SIGN", "ANALOG"])),
  paidOut: Schema.optionalKey(Schema.Boolean),
  /** If true, the bank answers no question about the loan. */
  silent: Schema.optionalKey(Schema.Boolean),
  /**
   * How many minutes the bank's clock is ahead; negative if it is behind. In such a life the bank signs its
   * callbacks, so that they contain its time.
   */
  clockAheadMinutes: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: -1_440, maximum: 1_440 })),
  ),
})
export type BankKnows = typeof BankKnows.Type

/** A callback: its content, how often it arrives, and whether it is forged. */
const Heard = Schema.Struct({
  says: Schema.Literals(["approved", "rejected", "inspected", "documents", "signed", "paidOut"]),
  /** The offered amount, in whole crowns. */
  offer: Schema.optionalKey(Schema.Int),
  documents: Schema.optionalKey(Schema.Array(Schema.String)),
  /** How often the callback is delivered. The default is once. */
  times: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))),
  /** If true, the callback comes from a sender without the credentials. */
  forged: Schema.optionalKey(Schema.Boolean),
})
export type Heard = typeof Heard.Type

/** The expected state of the loan. A missing member may have any value. */
const Stands = Schema.Struct({
  stage: Schema.optionalKey(Schema.Literals(stages)),
  /** Who must act, and how, as in `customer sign-agreement`. */
  next: Schema.optionalKey(Schema.String),
  /** The amount of the current offer. `null` without an offer. */
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
  /** Every stage that the loan has entered, in order. */
  went: Schema.optionalKey(Schema.Array(Schema.Literals(stages))),
  /** The reversals, closures and reopenings in the loan's history, in order. */
  told: Schema.optionalKey(
    Schema.Array(Schema.Union([Reversal, Schema.Literal("closed"), Schema.Literal("reopened")])),
  ),
})
export type Stands = typeof Stands.Type

/**
 * One step of a life. `stands` compares the loan with the expected state; every other step makes something happen.
 */
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

/** A loan's life as a file tells it: what the bank does, what reaches the engine, and the states to expect. */
export const ToldLife = Schema.Struct({
  name: Schema.NonEmptyString,
  story: Schema.NonEmptyString,
  steps: Schema.NonEmptyArray(LifeStep),
})
export type ToldLife = typeof ToldLife.Type

/** A step as text, for a person who watches the life. */
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
