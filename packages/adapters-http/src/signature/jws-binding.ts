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
 * How signed claims relate to a body: they carry all of it and agree (`bound`), they disagree in something that both
 * carry (`contradicted`), or they leave open whether they speak of this event (`unbound`).
 */
export type Binding = "bound" | "contradicted" | "unbound"

/** The claim that carries the event, by its usual name. */
export const eventClaimDefault = "externalApplicationEvent"

/**
 * Compares the claims with the body's `externalApplicationEvent`. Without `eventClaim` the event is the claim named like the
 * body's, else the claims themselves if they tell of one, else the only claim that holds one (as an object or as its JSON text).
 *
 * Source: the bank's page signs the callback but does not say how the claims carry it.
 */
export function bindClaims(claims: JsonObject, body: JsonObject, eventClaim?: string): Binding {
  const carried = eventClaim === undefined ? detectEvent(claims) : claimed(memberOf(claims, eventClaim))
  return carried === undefined ? "unbound" : compare(plainOf(body), plainOf(carried), "")
}

/** Both sides in one notation: what is signed is what is meant, not how it is written. */
function plainOf(event: JsonObject): JsonObject {
  const shaped = shapedLikeBank(event)
  return isJsonObject(shaped) ? plainEvent(shaped) : {}
}

/**
 * The one event that the claims carry. A member that is named as the body's goes first, then the claims themselves; what another claim
 * holds counts only if it is alone, and if the claim's name says that it stands around an event: a token may say much of a person.
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
  // What tells of no event may still contradict one, in what the bank says of it.
  if (others.length === 0) return identifies(claims) ? claims : saidByBank(claims)
  const [only, ...more] = others
  return only?.isNamed === true && more.length === 0
    ? surely(withBeside(only.event, claims), claims)
    : undefined
}

const saidByBank = (claims: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => callbackNames.has(name)))

/**
 * The event, where it is certain to be the one that the value around it is about: it stands there under the bank's own name, or is the value
 * itself, and tells all; or nothing else in the value, at any depth and in any text, tells of another loan or event.
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

/** A claim's events: the object itself, its JSON text, or either wrapped the way the body wraps it. */
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
    // A decision may be a word alone; nothing else of the bank's is told within a member of its own name.
    const object = objectIn(claim) ?? (name === "creditDecision" ? { [name]: claim } : undefined)
    return object === undefined ? "unbound" : compareObjects(body, object)
  }
  if (isJsonList(body)) return compareLists(body, claim, name)
  return isSameScalar(body, claim, name) ? "bound" : "contradicted"
}

/**
 * The claims may say more than the body, but not more of what a body says: there, an absence is not agreement. A member of
 * the body that cannot be read says nothing, so it cannot contradict; it is not bound either, unless it is signed as it is.
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

/** A list of names is a set as far as the bank's documents go: their order says nothing. A list is bound as its weakest item is. */
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

/** Members that are names, never amounts: `"1e3"` is not the application `1000`. */
const names: ReadonlySet<string> = new Set<string>([...identifying, "requiredDocuments", "documentTypes"])
const amounts: ReadonlySet<string> = new Set([...offerDecimals, "tenor"])

function isSameScalar(body: JsonValue, claim: JsonValue, name: string): boolean {
  if (body === claim) return true
  if (body instanceof JsonNumber && claim instanceof JsonNumber && body.source === claim.source) return true
  // A reference with blanks around it is taken for the same without, in the claims too.
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
