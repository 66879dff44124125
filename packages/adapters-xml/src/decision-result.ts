import { DetailReader, LeftOut } from "@loan-engine/domain/detail"
import { Schema } from "effect"
import { sameWord } from "./bank-word.ts"
import { field, type MessageFields, readDetail } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { readOffer, writeOffer, XmlOffer } from "./offer-elements.ts"
import type { XmlElement } from "./xml/element.ts"

/** The decisions the bank documents. Another one is never taken for one of them. */
export const BankDecision = Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])
export type BankDecision = typeof BankDecision.Type

/**
 * What getApplicationQuote and submitApplicationExt both answer: one flat element on the wire. The offer is
 * empty if the bank sent none of its members; a rejection may come with an `approvedAmount` of 0.
 */
export const DecisionResult = Schema.Struct({
  applicationReference: XmlApplicationReference,
  /** `null` if there is none, or none that we know. */
  decision: Schema.NullOr(BankDecision),
  offer: XmlOffer,
  /** What could not be read. A writer has no use for it. */
  leftOut: Schema.optionalKey(LeftOut),
})
export type DecisionResult = typeof DecisionResult.Type

/** The decision in the bank's own form, or `undefined` for one that we do not know. */
export function readBankDecision(text: string): BankDecision | undefined {
  return sameWord(BankDecision.literals, text)
}

/**
 * The reference is read strictly. A decision that is there twice must say the same; one that does not, or that we do not know,
 * is named, and so is what is not readable of the offer. Both may stand at any documented depth, side by side or within.
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
