import { unreadableMark } from "@loan-engine/domain/detail"
import { isOfAnotherThing, isWrapperName } from "@loan-engine/adapters-xml/bank-word"
import { isJsonList, isJsonObject, memberOf } from "./json.ts"
import type { JsonObject, JsonValue } from "./json.ts"
import { agrees, callbackWrappersMax, eventsHeld, hasText, identifies, valueIn, withBeside } from "./shape.ts"

/** The two parts of a callback, wherever they were in the body. */
export interface CallbackEnvelope {
  readonly event: JsonObject
  readonly jwsData: JsonValue | undefined
}

const lenient = { lenient: true } as const

/** The signature in an object. A blank text counts as none. */
function signatureIn(object: JsonObject): JsonValue | undefined {
  const jwsData = memberOf(object, "jwsData")
  return typeof jwsData === "string" && jwsData.trim() === "" ? undefined : jwsData
}

/** An event with its signature. The signature is a member of the event, or of the object around it. */
function envelope(event: JsonObject, around: JsonObject = event): CallbackEnvelope {
  const { jwsData: _, ...members } = event
  return { event: members, jwsData: signatureIn(event) ?? signatureIn(around) }
}

/**
 * The events directly in an object. Either the object has them as a member, or it is an event itself, perhaps without
 * its type.
 */
function envelopesOf(object: JsonObject): ReadonlyArray<CallbackEnvelope> {
  const events = eventsHeld(object, lenient)
  if (events.length > 0) return events.map((event) => envelope(event, object))
  return memberOf(object, "applicationReference") === undefined ? [] : [envelope(object)]
}

/**
 * Finds the one callback in a body. It may be inside at most {@link callbackWrappersMax} objects or lists. The
 * outermost object that names a loan counts, because a deeper object may be about another loan. A signature beside an
 * outer object counts for the callback inside it.
 */
export const findEnvelope = (body: JsonValue): CallbackEnvelope | undefined =>
  theOne(envelopesIn(body, callbackWrappersMax))

function envelopesIn(written: JsonValue, wrappers: number): ReadonlyArray<CallbackEnvelope> {
  const value = valueIn(written, lenient)
  if (isJsonList(value)) return wrappers === 0 ? [] : value.flatMap((item) => envelopesIn(item, wrappers - 1))
  if (!isJsonObject(value)) return []
  const own = envelopesOf(value)
  if (wrappers === 0 || own.some(({ event }) => identifies(event))) return own
  const members = Object.entries(value)
  for (const mayHold of holders) {
    const found = members
      .filter(([name, member]) => mayHold(name, member))
      .flatMap(([, member]) => envelopesIn(member, wrappers - 1))
    if (found.length > 0) return found.map((each) => within(value, each))
  }
  return own
}

/**
 * Completes an envelope with what is beside it: the reference or type, unless they belong to another event, and the
 * signature.
 */
const within = (value: JsonObject, { event, jwsData = signatureIn(value) }: CallbackEnvelope) => ({
  event: agrees(event, value) ? withBeside(event, value) : event,
  jwsData,
})

/**
 * Which members may contain the callback, the most likely first: objects with a fitting name, then other objects,
 * then texts with a fitting name. Texts come last because people may have written them.
 */
const holders: ReadonlyArray<(name: string, member: JsonValue) => boolean> = [
  (name, member) => !hasText(member) && isWrapperName(name),
  (name, member) => !hasText(member) && !isWrapperName(name) && !isOfAnotherThing(name),
  (name, member) => hasText(member) && isWrapperName(name),
]

const distinct = <A extends JsonValue | undefined>(values: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
]

/**
 * Chooses the callback if several were found. If they differ, the engine cannot know which one is meant. Then only
 * the references are kept, so that the engine polls the bank or a person looks.
 */
function theOne(found: ReadonlyArray<CallbackEnvelope>): CallbackEnvelope | undefined {
  const [event, ...others] = distinct(found.map((each) => each.event))
  if (event === undefined) return undefined
  const [jwsData, ...otherJws] = distinct(found.map((each) => each.jwsData))
  const signature = otherJws.length === 0 ? jwsData : unreadableMark
  if (others.length === 0) return { event, jwsData: signature }
  const named = [event, ...others].flatMap((each) => memberOf(each, "applicationReference") ?? [])
  const [reference, ...otherReferences] = distinct(named)
  if (reference === undefined) return undefined
  const applicationReference = otherReferences.length === 0 ? reference : [reference, ...otherReferences]
  return { event: { applicationReference }, jwsData: signature }
}
