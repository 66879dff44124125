import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import type { Dialect, Spoken } from "@loan-engine/app/sandbox/dialects/dialect"
import { dialects } from "@loan-engine/app/sandbox/dialects/speaking"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import type { DecimalText } from "@loan-engine/domain/decimal-text"
import { ApplicationReference } from "@loan-engine/domain/observation"
import fc from "fast-check"
import type { readers } from "./judge.ts"

/** A plain message and the kind of its reader. */
export interface Message {
  readonly kind: keyof typeof readers
  readonly plain: Spoken
}

const decimal = (text: string): DecimalText => {
  const parsed = parseDecimal(text)
  if (parsed === undefined) throw new Error(`no decimal: ${text}`)
  return parsed
}
const applicationReference = fc
  .constantFrom("ABC-123", "14321-21234-445674", "f00d cafe", "å-1", "4711")
  .map((text) => ApplicationReference.make(text))
const amount = fc
  .tuple(fc.nat(2_000_000), fc.nat(999))
  .map(([whole, fraction]) => decimal(`${whole}.${String(fraction).padStart(3, "0")}`))
const rate = fc.tuple(fc.nat(99), fc.nat(999)).map(([whole, part]) => decimal(`${whole}.${part}`))
const documents = fc.subarray(["ID", "PAYMENT_SLIP", "LÖNEBESKED"], { minLength: 1 })
const offer = fc.record(
  {
    approvedAmount: amount,
    interest: rate,
    monthlyCost: amount,
    adminFee: amount,
    tenor: fc.integer({ min: 1, max: 240 }),
    documentTypes: documents,
  },
  { requiredKeys: [] },
)
const decision = fc.constantFrom("APPROVED" as const, "REJECTED" as const, "MANUAL_INSPECTION" as const)

const numbers = (members: object): object =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === "string" ? Number(value) : value]),
  )
const event = fc.oneof(
  fc.constantFrom("SIGNED", "PAID_OUT").map((applicationEventType) => ({ applicationEventType })),
  documents.map((requiredDocuments) => ({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments })),
  fc.tuple(decision, offer).map(([creditDecision, members]) => ({
    applicationEventType: "CREDIT_DECISION_UPDATED",
    creditDecision: { creditDecision, ...numbers(members) },
  })),
)

/** A callback's event as the bank's page writes it. */
export const callbackEvent = fc
  .tuple(applicationReference, event)
  .map(([reference, members]) => ({ ...members, applicationReference: reference }))

export const callbackOf = (externalApplicationEvent: object, jwsData?: string): Spoken => ({
  bytes: new TextEncoder().encode(
    JSON.stringify({ externalApplicationEvent, ...(jwsData === undefined ? {} : { jwsData }) }),
  ),
  contentType: "application/json",
})

const soap = "text/xml; charset=utf-8"
const status = fc.record(
  {
    waitingForAddition: fc.boolean(),
    paidOut: fc.boolean(),
    signedWithMethod: fc.constantFrom("E_SIGN", "ANALOG"),
    requestedSigningMethod: fc.constantFrom("E_SIGN", "MANUAL"),
  },
  { requiredKeys: ["waitingForAddition", "paidOut"] },
)

export const messages: fc.Arbitrary<Message> = fc.oneof(
  callbackEvent.map((said): Message => ({ kind: "callback", plain: callbackOf(said) })),
  status.map((said): Message => ({
    kind: "status",
    plain: { bytes: getApplicationStatusResponse.encode(said), contentType: soap },
  })),
  fc.record({ applicationReference, decision, offer }).map((said): Message => ({
    kind: "quote",
    plain: { bytes: getApplicationQuoteResponse.encode(said), contentType: soap },
  })),
)

const inLanguage = (language: Dialect["language"]) =>
  dialects.filter((dialect) => dialect.language === language)

/** Any selection of the dialects for a kind of message, in any order. */
export const selections = (kind: Message["kind"]): fc.Arbitrary<ReadonlyArray<Dialect>> =>
  fc.shuffledSubarray(inLanguage(kind === "callback" ? "json" : "xml"))
