import { bankWord } from "@loan-engine/adapters-xml/bank-word"
import type { DetailReader } from "@loan-engine/domain/detail"
import { readDocumentName, readDocumentNames } from "@loan-engine/domain/document-names"
import type { Offer } from "@loan-engine/domain/offer"
import { offerDecimals } from "@loan-engine/domain/offer"
import { readOfferDecimal, readTenor } from "@loan-engine/domain/written-decimal"
import type { Written } from "@loan-engine/domain/written-decimal"
import { unreadableMark } from "./callback-encoding.ts"
import { isJsonList, isJsonObject, JsonNumber, memberOf } from "./callback-json.ts"
import type { JsonObject, JsonValue } from "./callback-json.ts"

/** How a detail's value is read; `undefined` if it has no one meaning. */
type Read<A> = (value: JsonValue) => A | undefined

const decimal =
  <A>(read: (written: Written) => A | undefined): Read<A> =>
  (value) => {
    const only = unwrapped(value)
    if (typeof only === "string") return read({ text: only })
    return only instanceof JsonNumber ? read({ number: only.source }) : undefined
  }

/** A list of names, one name in its place, or either within an object of one member, as mappers from XML write it. */
function documents(value: JsonValue): ReadonlyArray<string> | undefined {
  if (isJsonObject(value)) {
    const [inner, ...others] = Object.values(value)
    return inner === undefined || others.length > 0 || isJsonObject(inner) ? undefined : documents(inner)
  }
  if (JSON.stringify(value).includes(unreadableMark)) return undefined
  if (typeof value === "string") return readDocumentName(value)
  return isJsonList(value) ? readDocumentNames(value) : undefined
}

/** A list of one stands for what it holds. */
export function unwrapped(value: JsonValue): JsonValue {
  if (!isJsonList(value) || value.length !== 1) return value
  return value[0] ?? value
}

const documentTypes: Read<ReadonlyArray<string>> = documents
const tenor = decimal(readTenor)
const decimals = offerDecimals.map(
  (name) => [name, decimal((written) => readOfferDecimal(name, written))] as const,
)

/** How each detail's plain form is read. The plain form of an amount is a JSON number, that of documents a list. */
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

/** Whether a member is there, but has no one meaning. */
export function isUnreadable(name: string, value: JsonValue): boolean {
  const read = plainDetails.get(name)
  if (read !== undefined) return read(value) === undefined
  return typeof value === "string" && value.includes(unreadableMark)
}

const plainMember = (name: string, value: JsonValue): JsonValue => plainDetails.get(name)?.(value) ?? value

const plainMembers = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, plainMember(name, value)]))

const plainWord = (value: JsonValue): JsonValue => {
  const only = unwrapped(value)
  return typeof only === "string" ? bankWord(only) : only
}

const offerNames: ReadonlySet<string> = new Set([...offerDecimals, "tenor", "documentTypes"])

/** The decision's object: as it stands, within another of its name, or as a word beside the offer's members. */
function plainDecision(event: JsonObject, decision: JsonValue): JsonObject {
  const only = unwrapped(decision)
  if (isJsonObject(only)) {
    const inner = memberOf(only, "creditDecision")
    if (inner === undefined) return plainMembers(only)
    if (isJsonObject(inner)) return plainDecision({}, inner)
    return { ...plainMembers(only), creditDecision: plainWord(inner) }
  }
  const offer = Object.entries(event).filter(([name]) => offerNames.has(name))
  return { ...plainMembers(Object.fromEntries(offer)), creditDecision: plainWord(only) }
}

/**
 * An event in the bank's own plain notation, as far as its members have one meaning; what has none stays as it was sent. Two
 * events that mean the same have the same plain form, which is what a signature binds.
 */
export function plainEvent(event: JsonObject): JsonObject {
  const type = memberOf(event, "applicationEventType")
  const decision = memberOf(event, "creditDecision")
  const isFlat = decision !== undefined && !isJsonObject(unwrapped(decision))
  const own = Object.entries(event).filter(([name]) => !(isFlat && offerNames.has(name)))
  return {
    ...plainMembers(Object.fromEntries(own)),
    ...(type === undefined ? {} : { applicationEventType: plainWord(type) }),
    ...(decision === undefined ? {} : { creditDecision: plainDecision(event, decision) }),
  }
}

/** The offer of a decision's object, as far as it can be read. */
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

/** The documents that a request asks for. The bank always names them, so it is noted if it does not. */
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
