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

/** The maximum length of the name of an event type or of a credit decision. */
export const eventTypeLengthMax = 100

/**
 * The content of a callback. Each kind is one of the bank's event types. `unknown` is an unknown event type or an
 * unknown credit decision.
 */
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

/** `jwsData` is present, but it is no readable text. It counts neither as a signature nor as a missing one. */
export const unreadableJws = Symbol("unreadable jwsData")
export type UnreadableJws = typeof unreadableJws

export interface CallbackMessage {
  readonly applicationReference: ApplicationReference
  /**
   * Why the reference that was sent cannot be used. If set, `applicationReference` is a substitute:
   * {@link standInReference}.
   */
  readonly unusableReference?: CallbackMalformed
  readonly event: CallbackEvent
  /** The signature as a trimmed text, or {@link unreadableJws}. Absent if the bank sent none. */
  readonly jwsData?: string | UnreadableJws
  /** The body's `externalApplicationEvent` as it was sent. The claims of a signature must match it. */
  readonly eventBody: JsonObject
  /** The names of the details that could not be read. Absent if there are none. */
  readonly leftOut?: LeftOut
}

/** The body is no callback of the bank. `field` names the wrong member, such as `externalApplicationEvent.tenor`. */
export class CallbackMalformed extends Schema.TaggedError<CallbackMalformed>()("CallbackMalformed", {
  code: Schema.Literals(["json-invalid", "field-invalid"]),
  field: Schema.String,
  message: Schema.String,
}) {}

const decodeReference = Schema.decodeUnknownResult(ApplicationReferenceText)

/** The reference in a member, without white space around it. `undefined` if there is no readable reference. */
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
 * Decodes a callback's body. The reference, the event and the decision are essential; everything else is a detail. A
 * detail that is not clear is left out, and its name is recorded. Unknown members are ignored. A member that is
 * `null` counts as absent. It is no error if the event type or the credit decision is missing or unknown.
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
 * A substitute for a reference that no loan can have. The same reference always has the same substitute. People can
 * recognize it by its first characters, search for it and rule on it.
 */
export const standInReference = (reference: JsonValue): ApplicationReference =>
  ApplicationReference.make(`${standInPrefix}${hash("sha256", JSON.stringify(reference)).slice(0, 32)}`)

export const standInPrefix = "unusable-reference:"

/**
 * The signature in a member. A list with one item counts as that item. A placeholder such as "none" counts as no
 * signature: that is safe, because anybody can leave the member out anyway.
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

/** The lifecycle events of a callback. `at` is the callback's verified issue time, or else its time of receipt. */
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

/**
 * The lifecycle event of each verdict. If an offer has no readable member, it is left out, so that it does not
 * replace a readable offer.
 */
const decisionEvent = {
  approved: (at: Instant, offer: Offer): LoanEvent => ({
    type: "decision.approved",
    at,
    ...(Object.keys(offer).length === 0 ? {} : { offer }),
  }),
  rejected: (at: Instant): LoanEvent => ({ type: "decision.rejected", at }),
  pending: (at: Instant): LoanEvent => ({ type: "decision.pending", at }),
}
