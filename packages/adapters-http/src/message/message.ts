import { hash } from "node:crypto"
import { readBankDecision } from "@loan-engine/adapters-xml/decision-result"
import type { BankDecision } from "@loan-engine/adapters-xml/decision-result"
import { DetailReader, unreadableMark } from "@loan-engine/domain/detail"
import type { LeftOut } from "@loan-engine/domain/detail"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { applicationReferenceLengthMax, ApplicationReferenceText } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import { Result, Schema } from "effect"
import { findEnvelope } from "./envelope.ts"
import type { CallbackEnvelope } from "./envelope.ts"
import { isJsonObject, memberOf, parseJson } from "./json.ts"
import type { JsonObject, JsonValue } from "./json.ts"
import { plainEvent, plainReference, readOffer, readRequiredDocuments } from "./plain.ts"
import { callbackEventTypes, callbackNames, isNothing, shapedLikeBank, unwrapped } from "./shape.ts"
import type { CallbackEventType } from "./shape.ts"

/** How long the name of an event type or of a credit decision may be. */
export const eventTypeLengthMax = 100

/** What a callback says, by the bank's event types. `unknown` is an unknown type or an unknown credit decision. */
export type CallbackEvent =
  | {
      readonly kind: "creditDecisionUpdated"
      readonly verdict: "approved" | "rejected" | "pending"
      readonly offer: Offer
    }
  | { readonly kind: "signed" }
  | { readonly kind: "waitingForAddition"; readonly requiredDocuments?: ReadonlyArray<string> }
  | { readonly kind: "paidOut" }
  | { readonly kind: "unknown"; readonly type: string }

/**
 * There is a value in place of the signature, but it is not readable text. It counts neither as a signature nor as the
 * absence of one.
 */
export const unreadableJws = Symbol("unreadable jwsData")
export type UnreadableJws = typeof unreadableJws

export interface CallbackMessage {
  readonly applicationReference: ApplicationReference
  /** Why the received reference cannot be used. The message then has another one instead: {@link standInReference}. */
  readonly unusableReference?: CallbackMalformed
  readonly event: CallbackEvent
  /** The compact JWS, trimmed, or a mark that the value in its place is not text. Absent if the bank sent none. */
  readonly jwsData?: string | UnreadableJws
  /** The body's `externalApplicationEvent` as it was sent. A signature's claims must bind it. */
  readonly eventBody: JsonObject
  /** The names of the details that could not be read. Absent if there are none. */
  readonly leftOut?: LeftOut
}

/** The body is not a callback of the bank. `field` names the member, such as `externalApplicationEvent.tenor`. */
export class CallbackMalformed extends Schema.TaggedError<CallbackMalformed>()("CallbackMalformed", {
  code: Schema.Literals(["json-invalid", "field-invalid"]),
  field: Schema.String,
  message: Schema.String,
}) {}

const decodeReference = Schema.decodeUnknownResult(ApplicationReferenceText)

/** The reference in a member, without blanks around it. `undefined` if there is no readable one. */
export function referenceIn(member: JsonValue | undefined): ApplicationReference | undefined {
  const decoded = decodeReference(member === undefined ? member : plainReference(member))
  if (Result.isFailure(decoded) || decoded.success.includes(unreadableMark)) return undefined
  return decoded.success
}

const verdicts: ReadonlyMap<BankDecision, "approved" | "rejected" | "pending"> = new Map([
  ["APPROVED", "approved"],
  ["REJECTED", "rejected"],
  ["MANUAL_INSPECTION", "pending"],
])

type ReadEvent = (event: JsonObject, details: DetailReader) => CallbackEvent

const creditDecisionUpdated: ReadEvent = (event, details) => {
  const decision = memberOf(event, "creditDecision")
  const members = isJsonObject(decision) ? decision : {}
  const word = memberOf(members, "creditDecision")
  const known = typeof word === "string" ? readBankDecision(word) : undefined
  const verdict = known === undefined ? undefined : verdicts.get(known)
  if (verdict !== undefined)
    return { kind: "creditDecisionUpdated", verdict, offer: readOffer(members, details) }
  details.leaveOut("decision")
  return { kind: "unknown", type: callbackEventTypes.creditDecisionUpdated }
}

const waitingForAddition: ReadEvent = (event, details) => {
  const requiredDocuments = readRequiredDocuments(event, details)
  return { kind: "waitingForAddition", ...(requiredDocuments === undefined ? {} : { requiredDocuments }) }
}

const readersByType: ReadonlyMap<string, ReadEvent> = new Map<CallbackEventType, ReadEvent>([
  ["CREDIT_DECISION_UPDATED", creditDecisionUpdated],
  ["SIGNED", () => ({ kind: "signed" })],
  ["WAITING_FOR_ADDITION", waitingForAddition],
  ["PAID_OUT", () => ({ kind: "paidOut" })],
])

/**
 * Decodes a callback's body. The reference and the event are the word, everything else is a detail. A detail without
 * one meaning is left out and its name is recorded. Unknown members are ignored, and a `null` member counts as absent.
 * A missing or unknown event type or credit decision is no error.
 *
 * Source: the bank's page, "Example callbacks".
 */
export function decodeCallback(bytes: Uint8Array): Result.Result<CallbackMessage, CallbackMalformed> {
  const json = parseJson(bytes, { names: callbackNames, lenient: true })
  if (Result.isFailure(json)) {
    const { path, message } = json.failure
    return Result.fail(new CallbackMalformed({ code: "json-invalid", field: path, message }))
  }
  const body = shapedLikeBank(json.success)
  const envelope = findEnvelope(body)
  return envelope === undefined ? Result.fail(noEvent(body)) : decodeEnvelope(envelope)
}

const invalid = (field: string, message: string): CallbackMalformed =>
  new CallbackMalformed({ code: "field-invalid", field, message })

const noEvent = (body: JsonValue): CallbackMalformed =>
  isJsonObject(body)
    ? invalid("externalApplicationEvent", "expected one object with the event")
    : invalid("", "expected an object with the bank's members")

const noReference = invalid(
  "externalApplicationEvent.applicationReference",
  `expected the application reference: text of at most ${applicationReferenceLengthMax} characters, without control characters`,
)

/**
 * A substitute for a reference that no loan can have. It is always the same for the same reference. People can
 * recognize it by its beginning, look it up and rule on it.
 */
export const standInReference = (reference: JsonValue): ApplicationReference =>
  ApplicationReference.make(`${standInPrefix}${hash("sha256", JSON.stringify(reference)).slice(0, 32)}`)

export const standInPrefix = "unusable-reference:"

/**
 * The signature in a member. A list of one item means the item, as everywhere. A text that says that there is none
 * counts as no signature: anybody could leave the member out as well.
 */
function readJws(member: JsonValue = ""): string | UnreadableJws | undefined {
  const jws = unwrapped(member)
  if (typeof jws !== "string" || jws.includes(unreadableMark)) return unreadableJws
  return isNothing(jws) ? undefined : jws.trim()
}

function decodeEnvelope({
  event,
  jwsData,
}: CallbackEnvelope): Result.Result<CallbackMessage, CallbackMalformed> {
  const plain = plainEvent(event)
  const reference = memberOf(plain, "applicationReference")
  if (reference === undefined || isNothing(reference)) return Result.fail(noReference)
  const applicationReference = referenceIn(reference)
  const details = new DetailReader()
  const type = memberOf(plain, "applicationEventType")
  const typeName = typeof type === "string" ? type.slice(0, eventTypeLengthMax) : ""
  const read = typeof type === "string" ? readersByType.get(type) : undefined
  const jws = readJws(jwsData)
  return Result.succeed({
    ...(applicationReference === undefined
      ? { applicationReference: standInReference(reference), unusableReference: noReference }
      : { applicationReference }),
    event: read?.(plain, details) ?? { kind: "unknown", type: typeName },
    ...(jws === undefined ? {} : { jwsData: jws }),
    eventBody: event,
    ...details.leftOut,
  })
}

/** The machine's events in a callback. `at` is the callback's verified issue time, or else its receipt. */
export function callbackEvents(message: CallbackMessage, at: Instant): ReadonlyArray<LoanEvent> {
  const { event } = message
  switch (event.kind) {
    case "creditDecisionUpdated":
      return [decisionEvent[event.verdict](at, event.offer)]
    case "signed":
      return [{ type: "agreement.signed", at }]
    case "waitingForAddition":
      return [additionRequested(event.requiredDocuments, at)]
    case "paidOut":
      return [{ type: "loan.paidOut", at }]
    case "unknown":
      return []
  }
}

const additionRequested = (requiredDocuments: ReadonlyArray<string> | undefined, at: Instant): LoanEvent => ({
  type: "addition.requested",
  at,
  ...(requiredDocuments === undefined ? {} : { requiredDocuments }),
})

/** An offer without any readable member is no offer: it must not replace a readable one. */
const decisionEvent = {
  approved: (at: Instant, offer: Offer): LoanEvent => ({
    type: "decision.approved",
    at,
    ...(Object.keys(offer).length === 0 ? {} : { offer }),
  }),
  rejected: (at: Instant): LoanEvent => ({ type: "decision.rejected", at }),
  pending: (at: Instant): LoanEvent => ({ type: "decision.pending", at }),
}
