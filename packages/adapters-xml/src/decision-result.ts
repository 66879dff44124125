import { DetailReader, LeftOut } from "@loan-engine/domain/detail"
import { Schema } from "effect"
import { sameWord } from "./bank-word.ts"
import { field, type MessageFields, readDetail } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { readOffer, writeOffer, XmlOffer } from "./offer-elements.ts"
import type { XmlElement } from "./xml/element.ts"

/** The decisions that the bank documents. Any other decision is never read as one of them. */
export const BankDecision = Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])
export type BankDecision = typeof BankDecision.Type

/**
 * The answer of both getApplicationQuote and submitApplicationExt: one flat element in XML. The offer is empty if the
 * bank sent none of its members. A rejection may come with an `approvedAmount` of 0.
 */
export const DecisionResult = Schema.Struct({
  applicationReference: XmlApplicationReference,
  /** `null` if there is no decision, or an unknown one. */
  decision: Schema.NullOr(BankDecision),
  offer: XmlOffer,
  /** The details that could not be read. Writers ignore it. */
  leftOut: Schema.optionalKey(LeftOut),
})
export type DecisionResult = typeof DecisionResult.Type

/** The decision in the bank's own form. `undefined` if it is unknown. */
export function readBankDecision(text: string): BankDecision | undefined {
  return sameWord(BankDecision.literals, text)
}

/**
 * The reference is read strictly. If the decision occurs twice, both must say the same. A decision that differs or is
 * unknown is recorded by name as a detail, and so is every unreadable member of the offer. Reference and decision may
 * be at any documented depth, side by side or nested.
 */
export function readDecisionResult(operation: MessageFields): DecisionResult {
  const levels = operation.levels()
  const details = new DetailReader()
  const decision = readDetail(levels, "decision", details, readBankDecision) ?? null
  if (decision === null) details.leaveOut("decision")
  return {
    applicationReference: operation
      .holding("applicationReference")
      .required("applicationReference", XmlApplicationReference, applicationReferenceExpected),
    decision,
    offer: readOffer(levels, details),
    ...details.leftOut,
  }
}

export function writeDecisionResult(result: DecisionResult): ReadonlyArray<XmlElement> {
  return [
    ...field("applicationReference", result.applicationReference),
    ...field("decision", result.decision ?? undefined),
    ...writeOffer(result.offer),
  ]
}
