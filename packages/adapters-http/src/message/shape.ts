import { foldedName, isFreeText, isWrapperName, isWrapperOfText } from "@loan-engine/adapters-xml/bank-word"
import { offerDecimals } from "@loan-engine/domain/offer"
import { Result } from "effect"
import { isJsonList, isJsonObject, joining, memberOf, parseJsonText } from "./json.ts"
import type { JsonObject, JsonOptions, JsonValue } from "./json.ts"

/** The member names that the bank uses in a callback. An error may show only these. */
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

/** The bank's name for each known event. */
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

/** Every spelling of the bank's names is shorter than this. */
const foldedLengthMax = 100

const bankNameOf = (name: string): string =>
  callbackNames.has(name) || name.length > foldedLengthMax
    ? name
    : (namesByFolded.get(foldedName(name)) ?? name)

/**
 * Renames members to the bank's own names, which may be written in any case. Members that are `null` are removed,
 * because the bank may write `null` for an absent value. If a member occurs in two spellings, both must have the same
 * value.
 */
export function shapedLikeBank(value: JsonValue): JsonValue {
  if (isJsonList(value)) return value.filter((item) => item !== null).map(shapedLikeBank)
  if (!isJsonObject(value)) return value
  const members = new Map<string, JsonValue>()
  const again = joining()
  for (const [written, member] of Object.entries(value)) {
    if (member === null) continue
    const name = bankNameOf(written)
    const shaped = shapedLikeBank(member)
    const before = members.get(name)
    const isFirst = before === undefined || isBlank(before)
    if (isFirst || !isBlank(shaped)) members.set(name, isFirst ? shaped : again(name, before, shaped))
  }
  return Object.fromEntries(members)
}

/** Whether a value is a blank text, which counts as absent. */
const isBlank = (value: JsonValue): boolean => typeof value === "string" && value.trim() === ""

/** The item of a list with one item. Any other value is unchanged. */
export function unwrapped(value: JsonValue): JsonValue {
  if (!isJsonList(value) || value.length !== 1) return value
  return value[0] ?? value
}

/** The value, or, if it is a text with a JSON object or list, the parsed JSON. */
export function valueIn(value: JsonValue, options: Pick<JsonOptions, "lenient"> = {}): JsonValue {
  if (typeof value !== "string" || !/^\s*[[{]/u.test(value)) return value
  const parsed = Result.getOrUndefined(parseJsonText(value, options))
  return parsed === undefined ? value : shapedLikeBank(parsed)
}

/** The value if it is an object, or if it is a text with a JSON object. */
export function objectIn(
  value: JsonValue | undefined,
  options: Pick<JsonOptions, "lenient"> = {},
): JsonObject | undefined {
  const object = value === undefined ? value : valueIn(value, options)
  return isJsonObject(object) ? object : undefined
}

/** How many objects or lists may be around a callback, or around its event. The bank's page shows none. */
export const callbackWrappersMax = 4

/**
 * The members that identify an event: its loan and its type. If such a member is beside the event, it still belongs
 * to it.
 */
export const identifying = ["applicationReference", "applicationEventType"] as const

/** Whether a value is a placeholder for a missing name or signature. */
export const isNothing = (value: JsonValue): boolean =>
  typeof value === "string" && /^(?:null|undefined|none|nil|n\/?a|false|-*)$/iu.test(value.trim())

/** The value of a member. `undefined` if it is blank or a placeholder. */
const saidOf = (object: JsonObject, name: (typeof identifying)[number]): JsonValue | undefined => {
  const value = memberOf(object, name)
  return value === undefined || isNothing(value) ? undefined : value
}

export const identifies = (object: JsonObject): boolean =>
  identifying.some((name) => saidOf(object, name) !== undefined)

/** Adds the reference or type that is beside the event. */
export function withBeside(event: JsonObject, around: JsonObject): JsonObject {
  const beside = identifying.flatMap((name) => {
    const value = memberOf(around, name)
    return value === undefined || saidOf(event, name) !== undefined ? [] : [[name, value] as const]
  })
  return { ...event, ...Object.fromEntries(beside) }
}

/** Whether two objects agree about the loan and the event type, as far as both name them. */
export const agrees = (event: JsonObject, around: JsonObject): boolean =>
  identifying.every((name) => {
    const [own, other] = [saidOf(event, name), saidOf(around, name)]
    return own === undefined || other === undefined || namedAlike(own) === namedAlike(other)
  })

const namedAlike = (value: JsonValue): string => {
  const only = unwrapped(value)
  return typeof only === "string" ? only.trim() : JSON.stringify(only)
}

/**
 * The events that an object has in the member `externalApplicationEvent`. The reference or type beside that member is
 * added. If a deeper event contradicts what is beside it, it may be about another loan and does not count.
 */
export function eventsHeld(object: JsonObject, options: EventOptions = {}): ReadonlyArray<JsonObject> {
  const member = memberOf(object, "externalApplicationEvent")
  const within = eventsIn(member, options)
  const events = within.every((event) => agrees(event, object)) ? within : eventsIn(member, options, 0)
  return events.map((event) => withBeside(event, object))
}

/**
 * The events in a value: an object, or its JSON as text, alone or in lists. If the object does not identify an event,
 * objects that only wrap events are searched too, at most `wrappers` deep. Members with other names are not searched,
 * because anybody may have written their content, such as a customer's note.
 */
export function eventsIn(
  value: JsonValue | undefined,
  options: EventOptions = {},
  wrappers = callbackWrappersMax,
): ReadonlyArray<JsonObject> {
  if (value === undefined || (options.withoutTexts === true && typeof value === "string")) return []
  const shown = valueIn(value, options)
  if (isJsonList(shown)) return shown.flatMap((item) => eventsIn(item, options, wrappers))
  if (!isJsonObject(shown)) return []
  if (identifies(shown) || wrappers === 0) return [shown]
  const within = Object.entries(shown)
    .filter(([name, member]) => mayWrap(name, member))
    .flatMap(([name, member]) => eventsIn(member, optionsWithin(name, options), wrappers - 1))
    .filter(identifies)
  return within.length === 0 ? [shown] : within
}

/**
 * How to search for events. With `withoutTexts`, texts are not parsed. This is for members that people write, such as
 * a message.
 */
export interface EventOptions extends Pick<JsonOptions, "lenient"> {
  readonly withoutTexts?: boolean
}

export const optionsWithin = (name: string, options: EventOptions = {}): EventOptions =>
  isFreeText(name) ? { ...options, withoutTexts: true } : options

/** Whether a member may wrap an event and nothing else. A decision never does, because it is a part of an event. */
export const mayWrap = (name: string, member: JsonValue): boolean =>
  name !== "creditDecision" && (hasText(member) ? isWrapperOfText(name) : isWrapperName(name))

/** Whether a value is text, or a list that contains text. A person may have written it. */
export const hasText = (value: JsonValue): boolean =>
  typeof value === "string" || (isJsonList(value) && value.some(hasText))

/** Every object in a value that names a loan or an event type: at any depth, under any name, and inside texts. */
export function tellingIn(value: JsonValue): ReadonlyArray<JsonObject> {
  const shown = valueIn(value)
  if (isJsonList(shown)) return shown.flatMap(tellingIn)
  if (!isJsonObject(shown)) return []
  const within = Object.values(shown).flatMap(tellingIn)
  return identifies(shown) ? [shown, ...within] : within
}

/** Whether an object names both the loan and the event type. Then no search is needed. */
export const tellsAll = (object: JsonObject): boolean =>
  identifying.every((name) => saidOf(object, name) !== undefined)
