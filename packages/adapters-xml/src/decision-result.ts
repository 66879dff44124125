import { Schema } from "effect"
import { field, type MessageFields } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { readOffer, writeOffer, XmlOffer } from "./offer-elements.ts"
import type { XmlElement } from "./xml-element.ts"
import { excerpt, refuse } from "./xml-error.ts"

/** The decisions the bank documents. Another one is an error, never taken for a rejection. */
export const BankDecision = Schema.Literals(["APPROVED", "REJECTED", "MANUAL_INSPECTION"])
export type BankDecision = typeof BankDecision.Type

/**
 * What getApplicationQuote and submitApplicationExt both answer: one flat element on the wire. The offer is
 * empty if the bank sent none of its members; a rejection may come with an `approvedAmount` of 0.
 */
export const DecisionResult = Schema.Struct({
  applicationReference: XmlApplicationReference,
  decision: BankDecision,
  offer: XmlOffer,
})
export type DecisionResult = typeof DecisionResult.Type

const isBankDecision = Schema.is(BankDecision)

function readDecision(fields: MessageFields): BankDecision {
  const text = fields.optionalText("decision") ?? fields.missing("decision")
  if (isBankDecision(text)) return text
  const expected = `expected ${BankDecision.literals.join(", ")}, found ${excerpt(text)}`
  return refuse("unknown-decision", fields.pathOf("decision"), expected)
}

export function readDecisionResult(fields: MessageFields): DecisionResult {
  return {
    applicationReference: fields.required(
      "applicationReference",
      XmlApplicationReference,
      applicationReferenceExpected,
    ),
    decision: readDecision(fields),
    offer: readOffer(fields),
  }
}

export function writeDecisionResult(result: DecisionResult): ReadonlyArray<XmlElement> {
  return [
    ...field("applicationReference", result.applicationReference),
    ...field("decision", result.decision),
    ...writeOffer(result.offer),
  ]
}
