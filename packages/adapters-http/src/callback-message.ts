import { DecimalText, parseDecimal } from "@loan-engine/domain/decimal-text"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { ApplicationReferenceText } from "@loan-engine/domain/observation"
import { DocumentTypes, Offer, offerDecimals } from "@loan-engine/domain/offer"
import { Effect, Result, Schema, SchemaGetter, SchemaIssue } from "effect"
import { isJsonObject, JsonNumber, memberOf, parseJson, showPath } from "./callback-json.ts"
import type { JsonObject, JsonValue } from "./callback-json.ts"

/** How long the name of an event type or of a credit decision may be. */
export const eventTypeLengthMax = 100

/** The bank's own words in a callback: the only member names that an error may show. */
export const callbackNames: ReadonlySet<string> = new Set([
  "externalApplicationEvent",
  "applicationReference",
  "applicationEventType",
  "creditDecision",
  "requiredDocuments",
  "jwsData",
  "tenor",
  "documentTypes",
  ...offerDecimals,
])

/** What a callback says, by the bank's event types. `unknown` is a type, or a credit decision, that we do not know. */
export type CallbackEvent =
  | {
      readonly kind: "creditDecisionUpdated"
      readonly verdict: "approved" | "rejected" | "pending"
      readonly offer: Offer
    }
  | { readonly kind: "signed" }
  | { readonly kind: "waitingForAddition"; readonly requiredDocuments: ReadonlyArray<string> }
  | { readonly kind: "paidOut" }
  | { readonly kind: "unknown"; readonly type: string }

/** The bank's name of each event we know. */
export const callbackEventTypes = {
  creditDecisionUpdated: "CREDIT_DECISION_UPDATED",
  signed: "SIGNED",
  waitingForAddition: "WAITING_FOR_ADDITION",
  paidOut: "PAID_OUT",
} as const satisfies Record<Exclude<CallbackEvent["kind"], "unknown">, string>
export type CallbackEventType = (typeof callbackEventTypes)[keyof typeof callbackEventTypes]

export interface CallbackMessage {
  readonly applicationReference: ApplicationReference
  readonly event: CallbackEvent
  /** The compact JWS, trimmed; absent when the bank sent none. */
  readonly jwsData?: string
  /** The body's `externalApplicationEvent` as it was sent: what a signature's claims must bind. */
  readonly eventBody: JsonObject
}

/** The body is no callback of the bank's. `field` names the member, such as `externalApplicationEvent.tenor`. */
export class CallbackMalformed extends Schema.TaggedError<CallbackMalformed>()("CallbackMalformed", {
  code: Schema.Literals(["json-invalid", "field-invalid"]),
  field: Schema.String,
  message: Schema.String,
}) {}

const eventTypeName = Schema.String.check(Schema.isBetweenLength(1, eventTypeLengthMax))

/** A decimal as a JSON number or as text, decoded from its source so that no digit is lost. */
const wireDecimal = Schema.Union([
  Schema.String,
  Schema.instanceOf(JsonNumber, { message: "expected a decimal number" }),
]).pipe(
  Schema.decodeTo(DecimalText, {
    decode: SchemaGetter.transformEffect((written) => {
      const decimal = parseDecimal(typeof written === "string" ? written : written.source)
      return decimal === undefined ? Effect.fail(notDecimal) : Effect.succeed(decimal)
    }),
    encode: SchemaGetter.transform((decimal): string | JsonNumber => decimal),
  }),
)
const notDecimal = new SchemaIssue.InvalidValue({ message: "expected a decimal number" })

const wireTenor = wireDecimal.pipe(
  Schema.decodeTo(Offer.fields.tenor.schema, {
    decode: SchemaGetter.transform((decimal) => Number(decimal)),
    encode: SchemaGetter.transform((months) => DecimalText.make(String(months))),
  }),
)

const optionalDecimal = Schema.optionalKey(wireDecimal)
const wireDecimals = {
  approvedAmount: optionalDecimal,
  interest: optionalDecimal,
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
} satisfies Record<(typeof offerDecimals)[number], typeof optionalDecimal>

const envelope = Schema.Struct({
  externalApplicationEvent: Schema.Struct({
    applicationReference: ApplicationReferenceText,
    applicationEventType: eventTypeName,
  }),
  jwsData: Schema.optionalKey(Schema.String),
})

const within = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct({ externalApplicationEvent: Schema.Struct(fields) })

const decision = within({ creditDecision: Schema.Struct({ creditDecision: eventTypeName }) })
const offer = within({
  creditDecision: Schema.Struct({
    ...wireDecimals,
    tenor: Schema.optionalKey(wireTenor),
    documentTypes: Schema.optionalKey(DocumentTypes),
  }),
})
const addition = within({ requiredDocuments: DocumentTypes })

/** Decoders are built once: making one costs far more than running it. */
const strictly = { errors: "first", onExcessProperty: "ignore", reportInput: false } as const
const decodeEnvelope = Schema.decodeUnknownResult(envelope, strictly)
const decodeDecision = Schema.decodeUnknownResult(decision, strictly)
const decodeOffer = Schema.decodeUnknownResult(offer, strictly)
const decodeAddition = Schema.decodeUnknownResult(addition, strictly)

type Decoded<A> = Result.Result<A, Schema.SchemaError>
type Details = (body: JsonValue, type: string) => Decoded<CallbackEvent>

const verdicts: ReadonlyMap<string, "approved" | "rejected" | "pending"> = new Map([
  ["APPROVED", "approved"],
  ["REJECTED", "rejected"],
  ["MANUAL_INSPECTION", "pending"],
])

const creditDecisionUpdated: Details = (body, type) =>
  Result.flatMap(decodeDecision(body), (decided): Decoded<CallbackEvent> => {
    const verdict = verdicts.get(decided.externalApplicationEvent.creditDecision.creditDecision)
    if (verdict === undefined) return Result.succeed({ kind: "unknown", type })
    return Result.map(decodeOffer(body), (offered) => ({
      kind: "creditDecisionUpdated",
      verdict,
      offer: offered.externalApplicationEvent.creditDecision,
    }))
  })

const waitingForAddition: Details = (body) =>
  Result.map(decodeAddition(body), ({ externalApplicationEvent: { requiredDocuments } }) => ({
    kind: "waitingForAddition",
    requiredDocuments,
  }))

const detailsByType: ReadonlyMap<string, Details> = new Map<CallbackEventType, Details>([
  ["CREDIT_DECISION_UPDATED", creditDecisionUpdated],
  ["SIGNED", () => Result.succeed({ kind: "signed" })],
  ["WAITING_FOR_ADDITION", waitingForAddition],
  ["PAID_OUT", () => Result.succeed({ kind: "paidOut" })],
])
const unknownType: Details = (_body, type) => Result.succeed({ kind: "unknown", type })

/**
 * Decodes a callback's body. Members we do not know are ignored, a `null` member counts as absent, and an event type or
 * credit decision we do not know is no error.
 *
 * Source: the bank's page, "Example callbacks".
 */
export function decodeCallback(bytes: Uint8Array): Result.Result<CallbackMessage, CallbackMalformed> {
  const json = parseJson(bytes, { names: callbackNames })
  if (Result.isFailure(json)) {
    const { path, message } = json.failure
    return Result.fail(new CallbackMalformed({ code: "json-invalid", field: path, message }))
  }
  return Result.mapError(decodeBody(json.success), malformed)
}

function decodeBody(json: JsonValue): Decoded<CallbackMessage> {
  const body = withoutNulls(json)
  const head = decodeEnvelope(body)
  if (Result.isFailure(head)) return Result.fail(head.failure)
  const { applicationReference, applicationEventType } = head.success.externalApplicationEvent
  const details = detailsByType.get(applicationEventType) ?? unknownType
  const jwsData = head.success.jwsData?.trim() ?? ""
  return Result.map(details(body, applicationEventType), (event) => ({
    applicationReference,
    event,
    ...(jwsData === "" ? {} : { jwsData }),
    eventBody: eventBodyOf(body),
  }))
}

function eventBodyOf(body: JsonValue): JsonObject {
  const event = isJsonObject(body) ? memberOf(body, "externalApplicationEvent") : undefined
  return isJsonObject(event) ? event : {}
}

/** The bank's serializer may write an absent member as `null`; inside a list, `null` stays an error. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value) || !hasNulls(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]))
}

const hasNulls = (value: JsonValue | undefined): boolean =>
  value === null ||
  (isJsonObject(value) && Object.keys(value).some((name) => hasNulls(memberOf(value, name))))

const describeIssue = SchemaIssue.makeFormatterStandardSchemaV1()

function malformed(error: Schema.SchemaError): CallbackMalformed {
  const [first] = describeIssue(error.issue).issues
  const path = (first?.path ?? []).map((part) => (typeof part === "object" ? part.key : part))
  return new CallbackMalformed({
    code: "field-invalid",
    field: showPath(path, callbackNames),
    message: first?.message ?? "the body is no callback",
  })
}

/** What a callback says, as the machine's events. `at` is the callback's verified issue time, else its receipt. */
export function callbackEvents(message: CallbackMessage, at: Instant): ReadonlyArray<LoanEvent> {
  const { event } = message
  switch (event.kind) {
    case "creditDecisionUpdated":
      return [decisionEvent[event.verdict](at, event.offer)]
    case "signed":
      return [{ type: "agreement.signed", at }]
    case "waitingForAddition":
      return [{ type: "addition.requested", at, requiredDocuments: event.requiredDocuments }]
    case "paidOut":
      return [{ type: "loan.paidOut", at }]
    case "unknown":
      return []
  }
}

const decisionEvent = {
  approved: (at: Instant, offer: Offer): LoanEvent => ({ type: "decision.approved", at, offer }),
  rejected: (at: Instant): LoanEvent => ({ type: "decision.rejected", at }),
  pending: (at: Instant): LoanEvent => ({ type: "decision.pending", at }),
}
