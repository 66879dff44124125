import { isEventName } from "@loan-engine/adapters-xml/bank-word"
import { withoutBlanks } from "@loan-engine/domain/blanks"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { offerDecimals } from "@loan-engine/domain/offer"
import { isJsonList, isJsonObject, JsonNumber, memberOf } from "../message/json.ts"
import type { JsonObject, JsonValue } from "../message/json.ts"
import { isUnreadable, plainEvent } from "../message/plain.ts"
import {
  agrees,
  callbackNames,
  eventsHeld,
  eventsIn,
  hasText,
  identifies,
  identifying,
  mayWrap,
  objectIn,
  optionsWithin,
  shapedLikeBank,
  tellingIn,
  tellsAll,
  withBeside,
} from "../message/shape.ts"
import type { EventOptions } from "../message/shape.ts"

/**
 * How signed claims relate to a body. `bound`: the claims contain the whole body and agree with it. `contradicted`:
 * claims and body disagree about something that both contain. `unbound`: it is not clear whether the claims are about
 * this event.
 */
export type Binding = "bound" | "contradicted" | "unbound"

/** The usual name of the claim that contains the event. */
export const eventClaimDefault = "externalApplicationEvent"

/**
 * Compares the claims with the body's `externalApplicationEvent`. If `eventClaim` is given, the event is in that
 * claim. Otherwise the event is the first of these that exists: the claim with the body's member name, the claims
 * themselves if they name a loan or an event type, or the only claim that contains an event, as an object or as JSON
 * text.
 *
 * Source: the bank's page signs the callback but does not say in which claim.
 */
export function bindClaims(claims: JsonObject, body: JsonObject, eventClaim?: string): Binding {
  const carried = eventClaim === undefined ? detectEvent(claims) : claimed(memberOf(claims, eventClaim))
  return carried === undefined ? "unbound" : compare(plainOf(body), plainOf(carried), "")
}

/**
 * The plain form of an event. Both sides are compared in this form, because a signature covers the meaning and not
 * the spelling.
 */
function plainOf(event: JsonObject): JsonObject {
  const shaped = shapedLikeBank(event)
  return isJsonObject(shaped) ? plainEvent(shaped) : {}
}

/**
 * Finds the one event in the claims. A member with the body's name comes first, then the claims themselves. A token
 * may contain much about a person. So another claim counts only if it is the only one with an event, and if its name
 * says that it wraps an event.
 */
function detectEvent(written: JsonObject): JsonObject | undefined {
  const shaped = shapedLikeBank(written)
  const claims = isJsonObject(shaped) ? shaped : {}
  const held = eventsHeld(claims)
  if (held.length > 0) return surely(theOnly(held), claims)
  if (tellsAll(claims)) return claims
  const others = Object.entries(claims).flatMap(([name, claim]) =>
    claimedIn(claim, optionsWithin(name))
      .filter(identifies)
      .map((event) => ({ event, isNamed: mayWrap(name, claim) || (!hasText(claim) && isEventName(name)) })),
  )
  // There is no event, but these claims may still contradict the body.
  if (others.length === 0) return identifies(claims) ? claims : saidByBank(claims)
  const [only, ...more] = others
  return only?.isNamed === true && more.length === 0
    ? surely(withBeside(only.event, claims), claims)
    : undefined
}

const saidByBank = (claims: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => callbackNames.has(name)))

/**
 * The event, if it is certain that the value around it is about this event. There are two ways to be certain. The
 * event is complete, and is the value itself or has the bank's own name. Or nothing in the value, at any depth and in
 * any text, names another loan or event type.
 */
function surely(event: JsonObject | undefined, around: JsonValue): JsonObject | undefined {
  if (event === undefined || isDirect(event, objectIn(around))) return event
  return tellingIn(around).every((other) => agrees(other, event)) ? event : undefined
}

function isDirect(event: JsonObject, around: JsonObject | undefined): boolean {
  if (around === undefined) return false
  const named = objectIn(memberOf(around, eventClaimDefault)) ?? around
  return tellsAll(withBeside(named, around)) && agrees(named, event)
}

const theOnly = ([event, ...others]: ReadonlyArray<JsonObject>): JsonObject | undefined =>
  others.length === 0 ? event : undefined

/** The events in a claim: an object, its JSON as text, or either of these in the body's wrapper. */
function claimedIn(claim: JsonValue, options: EventOptions = {}): ReadonlyArray<JsonObject> {
  const shaped = shapedLikeBank(claim)
  const object = objectIn(shaped)
  const held = object === undefined ? [] : eventsHeld(object, options)
  return held.length > 0 ? held : eventsIn(shaped, options)
}

const claimed = (claim: JsonValue | undefined): JsonObject | undefined =>
  claim === undefined ? undefined : surely(theOnly(claimedIn(claim)), shapedLikeBank(claim))

function compare(body: JsonValue, claim: JsonValue, name: string): Binding {
  if (isJsonObject(body)) {
    // A decision may be a single word. It then counts as an object with the member `creditDecision`.
    const object = objectIn(claim) ?? (name === "creditDecision" ? { [name]: claim } : undefined)
    return object === undefined ? "unbound" : compareObjects(body, object)
  }
  if (isJsonList(body)) return compareLists(body, claim, name)
  return isSameScalar(body, claim, name) ? "bound" : "contradicted"
}

/**
 * Compares objects. The claims may contain other members than the body. But if the claims contain a member of the
 * bank's that the body lacks, the body is unbound. An unreadable member of the body cannot contradict. It is bound
 * only if exactly the same value is signed.
 */
function compareObjects(body: JsonObject, claims: JsonObject): Binding {
  let binding: Binding = "bound"
  for (const [name, member] of Object.entries(body)) {
    const claim = memberOf(claims, name)
    const found = claim === undefined ? "unbound" : compare(member, claim, name)
    if (found === "contradicted" && !isUnreadable(name, member)) return found
    if (found !== "bound") binding = "unbound"
  }
  const omitted = Object.keys(claims).some((name) => callbackNames.has(name) && !Object.hasOwn(body, name))
  return omitted ? "unbound" : binding
}

/**
 * Compares lists. In the bank's messages, the order of names in a list has no meaning. A list is bound only if all
 * its items are.
 */
function compareLists(body: ReadonlyArray<JsonValue>, claim: JsonValue, name: string): Binding {
  const isLegible = !isUnreadable(name, body)
  if (!isJsonList(claim) || claim.length !== body.length) return isLegible ? "contradicted" : "unbound"
  const [left, right] = [inOrder(body), inOrder(claim)]
  const found = new Set(left.map((item, index) => compare(item, right[index] ?? null, name)))
  if (found.has("contradicted")) return isLegible ? "contradicted" : "unbound"
  return found.has("unbound") ? "unbound" : "bound"
}

const inOrder = (list: ReadonlyArray<JsonValue>): ReadonlyArray<JsonValue> =>
  list.every((item) => typeof item === "string") ? list.toSorted() : list

/** Members that are names and never amounts: `"1e3"` is not the application `1000`. */
const names: ReadonlySet<string> = new Set<string>([...identifying, "requiredDocuments", "documentTypes"])
const amounts: ReadonlySet<string> = new Set([...offerDecimals, "tenor"])

function isSameScalar(body: JsonValue, claim: JsonValue, name: string): boolean {
  if (body === claim) return true
  if (body instanceof JsonNumber && claim instanceof JsonNumber && body.source === claim.source) return true
  // White space around a reference is ignored, in the claims too.
  if (name === "applicationReference") return isSameTrimmed(body, claim)
  if (names.has(name)) return false
  const isAmount = amounts.has(name) || body instanceof JsonNumber || claim instanceof JsonNumber
  if (!isAmount) return false
  const [left, right] = [decimalOf(body), decimalOf(claim)]
  return left !== undefined && left === right
}

const isSameTrimmed = (body: JsonValue, claim: JsonValue): boolean =>
  typeof body === "string" && typeof claim === "string" && withoutBlanks(body) === withoutBlanks(claim)

function decimalOf(value: JsonValue): string | undefined {
  if (value instanceof JsonNumber) return parseDecimal(value.source)
  return typeof value === "string" ? parseDecimal(value) : undefined
}
