import { DetailReader, LeftOut } from "@loan-engine/domain/detail"
import { Schema } from "effect"
import { sameWord } from "./bank-word.ts"
import { field, type MessageFields, readDetail } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { readOffer, writeOffer, XmlOffer } from "./offer-elements.ts"
import type { XmlElement } from "./xml/element.ts"

/** The decisions in the bank's documentation. An unknown decision never counts as one of these. */
export const BankDecision = Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])
export type BankDecision = typeof BankDecision.Type

/**
 * The answer of getApplicationQuote and of submitApplicationExt. In XML it is one flat element. The offer is empty if
 * the bank sent none of its members. A rejection may have an `approvedAmount` of 0.
 */
export const DecisionResult = Schema.Struct({
  applicationReference: XmlApplicationReference,
  /** `null` if the decision is missing or unknown. */
  decision: Schema.NullOr(BankDecision),
  offer: XmlOffer,
  /** The details that could not be read. When a message is written, this is ignored. */
  leftOut: Schema.optionalKey(LeftOut),
})
export type DecisionResult = typeof DecisionResult.Type

/** Reads a decision. `undefined` if it is unknown. */
export function readBankDecision(text: string): BankDecision | undefined {
  return sameWord(BankDecision.literals, text)
}

/**
 * Reads the result. The reference is read strictly. If the decision occurs twice, both must be the same. If they
 * differ, or the decision is unknown, the decision is recorded as left out. So is every unreadable member of the
 * offer. Reference and decision may be at any documented depth, beside or inside each other.
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
