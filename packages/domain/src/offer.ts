import { Schema } from "effect"
import { DecimalText } from "./decimal-text.ts"

/** How many documents the bank may ask for at once, and the maximum length of a document type's name. */
export const documentTypesMax = 50
export const documentTypeLengthMax = 100

/** The name of a document that the bank requires from the customer: `ID`, `PAYMENT_SLIP`, … The bank may add names. */
export const DocumentType = Schema.String.check(Schema.isBetweenLength(1, documentTypeLengthMax))

export const DocumentTypes = Schema.Array(DocumentType).check(Schema.isMaxLength(documentTypesMax))

/** The offer's members that are amounts or rates, by the bank's own names. */
export const offerDecimals = [
  "approvedAmount",
  "interest",
  "effectiveInterest",
  "monthlyCost",
  "consolidationDemand",
  "adminFee",
  "arrangementFee",
  "totalRepaymentAmount",
  "monthlyAccountFee",
  "totalFeesAndInterest",
  "topUpAmount",
  "monthlyCostTopUp",
] as const

const optionalDecimal = Schema.optionalKey(DecimalText)

/**
 * What an approval offers. Amounts are in the account's currency, `interest` and `effectiveInterest` in per cent a
 * year, `tenor` in months. Any member may be absent. `topUpAmount` and `monthlyCostTopUp` occur for Finland only.
 * Members that the engine does not know stay in the observation's raw bytes.
 *
 * Source: the bank's page, "CREDIT_DECISION_UPDATED – APPROVED".
 */
export const Offer = Schema.Struct({
  approvedAmount: optionalDecimal,
  interest: optionalDecimal,
  tenor: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12_000 }))),
  effectiveInterest: optionalDecimal,
  monthlyCost: optionalDecimal,
  consolidationDemand: optionalDecimal,
  adminFee: optionalDecimal,
  arrangementFee: optionalDecimal,
  totalRepaymentAmount: optionalDecimal,
  monthlyAccountFee: optionalDecimal,
  totalFeesAndInterest: optionalDecimal,
  topUpAmount: optionalDecimal,
  monthlyCostTopUp: optionalDecimal,
  documentTypes: Schema.optionalKey(DocumentTypes),
})
export type Offer = typeof Offer.Type
