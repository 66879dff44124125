import { foldedName } from "@loan-engine/adapters-xml/bank-word"
import { offerDecimals } from "@loan-engine/domain/offer"
import { Result } from "effect"
import { unreadableMark } from "./callback-encoding.ts"
import { isJsonList, isJsonObject, memberOf, parseJsonText } from "./callback-json.ts"
import type { JsonObject, JsonOptions, JsonValue } from "./callback-json.ts"

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

/** The bank's name of each event we know. */
export const callbackEventTypes = {
  creditDecisionUpdated: "CREDIT_DECISION_UPDATED",
  signed: "SIGNED",
  waitingForAddition: "WAITING_FOR_ADDITION",
  paidOut: "PAID_OUT",
} as const
export type CallbackEventType = (typeof callbackEventTypes)[keyof typeof callbackEventTypes]

const namesByFolded: ReadonlyMap<string, string> = new Map(
  [...callbackNames].map((name) => [foldedName(name), name]),
)

/** No name of the bank's is longer, however it is written. */
const foldedLengthMax = 100

const bankNameOf = (name: string): string =>
  callbackNames.has(name) || name.length > foldedLengthMax
    ? name
    : (namesByFolded.get(foldedName(name)) ?? name)

/**
 * A value by the bank's own names, in whatever case they are written, and without what is `null`, which the bank's serializer
 * may write for what is absent. A member that is there under two spellings must say the same twice.
 */
export function shapedLikeBank(value: JsonValue): JsonValue {
  if (isJsonList(value)) return value.filter((item) => item !== null).map(shapedLikeBank)
  if (!isJsonObject(value)) return value
  const members = new Map<string, JsonValue>()
  for (const [written, member] of Object.entries(value)) {
    if (member === null) continue
    const name = bankNameOf(written)
    const shaped = shapedLikeBank(member)
    const before = members.get(name)
    const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(shaped)
    members.set(name, isSame ? shaped : unreadableMark)
  }
  return Object.fromEntries(members)
}

/** A list of one stands for what it holds. */
export function unwrapped(value: JsonValue): JsonValue {
  if (!isJsonList(value) || value.length !== 1) return value
  return value[0] ?? value
}

/** A value, or the object or list whose JSON a text is. */
export function valueIn(value: JsonValue, options: Pick<JsonOptions, "lenient"> = {}): JsonValue {
  if (typeof value !== "string" || !/^\s*[[{]/u.test(value)) return value
  const parsed = Result.getOrUndefined(parseJsonText(value, options))
  return parsed === undefined ? value : shapedLikeBank(parsed)
}

/** An object, or the one whose JSON a text is. */
export function objectIn(
  value: JsonValue | undefined,
  options: Pick<JsonOptions, "lenient"> = {},
): JsonObject | undefined {
  const object = value === undefined ? value : valueIn(value, options)
  return isJsonObject(object) ? object : undefined
}

/** How many objects or lists may stand around a callback's own object, or around its event. The bank's page shows none. */
export const callbackWrappersMax = 4

const namesLoan = (object: JsonObject): boolean => memberOf(object, "applicationReference") !== undefined

/** An event: an object, or its JSON as text, alone or in a list of one, or the only one within an object that names no loan. */
export function eventIn(
  value: JsonValue | undefined,
  options: Pick<JsonOptions, "lenient"> = {},
  wrappers = callbackWrappersMax,
): JsonObject | undefined {
  const object = value === undefined ? value : objectIn(unwrapped(valueIn(value, options)), options)
  if (object === undefined || wrappers === 0 || namesLoan(object)) return object
  const [inner, ...others] = Object.values(object)
    .map((member) => eventIn(member, options, wrappers - 1))
    .filter((event) => event !== undefined && namesLoan(event))
  return others.length === 0 ? (inner ?? object) : object
}
