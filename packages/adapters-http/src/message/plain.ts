import { unreadableMark } from "@loan-engine/domain/detail"
import { bankWord, foldedName, isFreeText, sameWord } from "@loan-engine/adapters-xml/bank-word"
import { BankDecision } from "@loan-engine/adapters-xml/decision-result"
import type { DetailReader } from "@loan-engine/domain/detail"
import { holdsDocuments, readDocumentName, readDocumentNames } from "@loan-engine/domain/document-names"
import type { Offer } from "@loan-engine/domain/offer"
import { offerDecimals } from "@loan-engine/domain/offer"
import { readOfferDecimal, readTenor } from "@loan-engine/domain/written-decimal"
import type { Written } from "@loan-engine/domain/written-decimal"
import { isJsonList, isJsonObject, JsonNumber, memberOf } from "./json.ts"
import type { JsonObject, JsonValue } from "./json.ts"
import { callbackEventTypes, hasText, mayWrap, objectIn, unwrapped, valueIn } from "./shape.ts"

const lenient = { lenient: true } as const

/** Reads a detail's value. `undefined` if the value is not clear. */
type Read<A> = (value: JsonValue) => A | undefined

const decimal =
  <A>(read: (written: Written) => A | undefined): Read<A> =>
  (value) => {
    const only = unwrapped(value)
    if (typeof only === "string") return read({ text: only })
    return only instanceof JsonNumber ? read({ number: only.source }) : undefined
  }

/**
 * Reads document names: a list, a single name, or either of these in an object with one member, which converters from
 * XML write.
 */
function documents(value: JsonValue): ReadonlyArray<string> | undefined {
  if (isJsonObject(value)) {
    const inner = heldIn(value)
    return inner === undefined || isJsonObject(inner) ? undefined : documents(inner)
  }
  if (JSON.stringify(value).includes(unreadableMark)) return undefined
  const listed = valueIn(value, lenient)
  if (listed !== value) return documents(listed)
  if (typeof value === "string") return readDocumentName(value)
  return isJsonList(value) ? readDocumentNames(value.map(namedIn)) : undefined
}

/** The value in an object that only contains document names. */
function heldIn(object: JsonObject): JsonValue | undefined {
  const [[name, inner] = ["", null], ...others] = Object.entries(object)
  return others.length === 0 && inner !== null && holdsDocuments(foldedName(name)) ? inner : undefined
}

/** An item in a list of documents. If it is an object with one member, the name is in that member. */
function namedIn(item: JsonValue): JsonValue {
  const inner = isJsonObject(item) ? heldIn(item) : undefined
  return typeof inner === "string" ? inner : item
}

const documentTypes: Read<ReadonlyArray<string>> = documents
const tenor = decimal(readTenor)
const decimals = offerDecimals.map(
  (name) => [name, decimal((written) => readOfferDecimal(name, written))] as const,
)

/** Converts each detail to its plain form. For an amount this is a JSON number, and for documents a list. */
const plainDetails: ReadonlyMap<string, Read<JsonValue>> = new Map<string, Read<JsonValue>>([
  ...decimals.map(([name, read]) => [name, numberOf(read)] as const),
  ["tenor", numberOf(tenor)],
  ["documentTypes", documents],
  ["requiredDocuments", documents],
])

function numberOf(read: Read<string | number>): Read<JsonValue> {
  return (value) => {
    const found = read(value)
    return found === undefined ? undefined : new JsonNumber(String(found))
  }
}

/** Whether a member is present but not clear. */
export function isUnreadable(name: string, value: JsonValue): boolean {
  const read = plainDetails.get(name)
  if (read !== undefined) return read(value) === undefined
  return !isJsonObject(value) && JSON.stringify(value).includes(unreadableMark)
}

const plainMember = (name: string, value: JsonValue): JsonValue => plainDetails.get(name)?.(value) ?? value

const plainMembers = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, plainMember(name, value)]))

/** The bank's terms, in the spelling of its page. */
const words: ReadonlyArray<string> = [...Object.values(callbackEventTypes), ...BankDecision.literals]

const plainWord = (value: JsonValue): JsonValue => {
  const only = innermost(value)
  if (typeof only !== "string") return only
  return sameWord(words, only) ?? bankWord(only)
}

const offerNames: ReadonlySet<string> = new Set([...offerDecimals, "tenor", "documentTypes"])

/** The items of a list, including those of lists inside it. */
const itemsOf = (value: JsonValue): ReadonlyArray<JsonValue> =>
  isJsonList(value) ? value.flatMap(itemsOf) : [value]
const objectsIn = (value: JsonValue): ReadonlyArray<JsonObject> =>
  itemsOf(valueIn(value, lenient))
    .map((item) => objectIn(item, lenient))
    .filter((object) => object !== undefined)

/**
 * The members of the offer in an object. They may be in the object itself, or in objects that only wrap them, also in
 * lists or as JSON text. If a member is found only inside something else, it may belong to another offer. Its value
 * is then not clear.
 */
const offersIn = (object: JsonObject): ReadonlyArray<readonly [string, JsonValue]> =>
  withStrays(object, ownOffersIn(object))

function withStrays(
  object: JsonObject,
  found: ReadonlyArray<readonly [string, JsonValue]>,
): ReadonlyArray<readonly [string, JsonValue]> {
  const strays = new Set(strayNamesIn(object).filter((name) => found.every(([own]) => own !== name)))
  return [...found, ...[...strays].map((name) => [name, unreadableMark] as const)]
}

const ownOffersIn = (object: JsonObject, withoutTexts = false): ReadonlyArray<readonly [string, JsonValue]> =>
  Object.entries(object).flatMap(([name, value]) => {
    if (offerNames.has(name)) return [[name, plainMember(name, value)] as const]
    if (!mayWrap(name, value) || (withoutTexts && hasText(value))) return []
    return objectsIn(value).flatMap((inner) => ownOffersIn(inner, withoutTexts || isFreeText(name)))
  })

const strayNamesIn = (object: JsonObject): ReadonlyArray<string> =>
  Object.entries(object).flatMap(([name, value]) => {
    if (name === "creditDecision") return []
    return offerNames.has(name) ? [name] : objectsIn(value).flatMap(strayNamesIn)
  })

/**
 * Whether a value's objects contain only parts of the offer. Such objects are read only as parts of the offer.
 */
function isOnlyOffer(value: JsonValue): boolean {
  const objects = objectsIn(value)
  const areAll = objects.length > 0 && objects.length === itemsOf(valueIn(value, lenient)).length
  return areAll && objects.every((object) => Object.entries(object).every(isOfOffer))
}
const isOfOffer = ([name, value]: readonly [string, JsonValue]): boolean =>
  offerNames.has(name) || (mayWrap(name, value) && isOnlyOffer(value))

/**
 * Joins the members of an offer from several places. If a member occurs twice with different values, its value is not
 * clear.
 */
function joined(offers: ReadonlyArray<readonly [string, JsonValue]>): JsonObject {
  const members = new Map<string, JsonValue>()
  for (const [name, value] of offers) {
    const before = members.get(name)
    const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(value)
    members.set(name, isSame ? value : unreadableMark)
  }
  return Object.fromEntries(members)
}

/** The members of the offer in an object, at any depth, in plain form. */
export const plainOffer = (object: JsonObject): JsonObject => joined(offersIn(object))

/** Unwraps lists with one item, and JSON in texts. */
function innermost(value: JsonValue): JsonValue {
  const within = unwrapped(valueIn(value, lenient))
  return within === value ? value : innermost(within)
}

/**
 * Reads a decision. It may be an object, an object inside another `creditDecision`, or a single word. The members of
 * the offer may be in that object, deeper in it, or beside it.
 */
function plainDecision(decision: JsonValue, beside: ReadonlyArray<readonly [string, JsonValue]>): JsonObject {
  const only = innermost(decision)
  if (!isJsonObject(only)) return { ...joined(beside), creditDecision: plainWord(only) }
  const offers = [...beside, ...offersIn(only)]
  const inner = memberOf(only, "creditDecision")
  if (inner !== undefined && isJsonObject(innermost(inner))) return plainDecision(inner, offers)
  const word = inner === undefined ? {} : { creditDecision: plainWord(inner) }
  const own = Object.entries(only).filter((member) => !isOfOffer(member))
  return { ...plainMembers(Object.fromEntries(own)), ...joined(offers), ...word }
}

/**
 * Reads a reference. A whole number counts as a name with these digits. Any other number could be written in several
 * ways, so it is not converted.
 */
export function plainReference(value: JsonValue): JsonValue {
  const only = unwrapped(value)
  return only instanceof JsonNumber && /^[0-9]+$/u.test(only.source) ? only.source : only
}

/**
 * An event in plain form. Members that are not clear stay as they were sent. Two events with the same meaning have
 * the same plain form. So signatures are compared in this form.
 */
export function plainEvent(event: JsonObject): JsonObject {
  const reference = memberOf(event, "applicationReference")
  const type = memberOf(event, "applicationEventType")
  const decision = memberOf(event, "creditDecision")
  const plain = decision === undefined ? {} : plainDecision(decision, ownOffersIn(event))
  const own = Object.entries(event).filter((member) => decision === undefined || !isOfOffer(member))
  return {
    ...plainMembers(Object.fromEntries(own)),
    ...(reference === undefined ? {} : { applicationReference: plainReference(reference) }),
    ...(type === undefined ? {} : { applicationEventType: plainWord(type) }),
    ...(decision === undefined
      ? {}
      : { creditDecision: Object.fromEntries(withStrays(event, Object.entries(plain))) }),
  }
}

/** Reads the offer in a decision's object. Members that are not clear are left out. */
export function readOffer(decision: JsonObject, details: DetailReader): Offer {
  const offer: { -readonly [Name in keyof Offer]: Offer[Name] } = {}
  for (const [name, read] of decimals) {
    const amount = readDetail(decision, name, read, details)
    if (amount !== undefined) offer[name] = amount
  }
  const months = readDetail(decision, "tenor", tenor, details)
  const types = readDetail(decision, "documentTypes", documentTypes, details)
  return {
    ...offer,
    ...(months === undefined ? {} : { tenor: months }),
    ...(types === undefined ? {} : { documentTypes: types }),
  }
}

/**
 * Reads the documents that a request names. The bank always names them, so missing names are recorded as left out.
 */
export const readRequiredDocuments = (
  event: JsonObject,
  details: DetailReader,
): ReadonlyArray<string> | undefined =>
  details.read("requiredDocuments", documents(memberOf(event, "requiredDocuments") ?? null))

function readDetail<A>(
  object: JsonObject,
  name: (typeof offerDecimals)[number] | "tenor" | "documentTypes",
  read: Read<A>,
  details: DetailReader,
): A | undefined {
  const value = memberOf(object, name)
  return value === undefined ? undefined : details.read(name, read(value))
}
