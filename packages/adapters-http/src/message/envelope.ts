import { unreadableMark } from "@loan-engine/domain/detail"
import { isOfAnotherThing, isWrapperName } from "@loan-engine/adapters-xml/bank-word"
import { isJsonList, isJsonObject, memberOf } from "./json.ts"
import type { JsonObject, JsonValue } from "./json.ts"
import { agrees, callbackWrappersMax, eventsHeld, hasText, identifies, valueIn, withBeside } from "./shape.ts"

/** A callback's two members, at any place. */
export interface CallbackEnvelope {
  readonly event: JsonObject
  readonly jwsData: JsonValue | undefined
}

const lenient = { lenient: true } as const

/** The signature in an object. A blank text is none. */
function signatureIn(object: JsonObject): JsonValue | undefined {
  const jwsData = memberOf(object, "jwsData")
  return typeof jwsData === "string" && jwsData.trim() === "" ? undefined : jwsData
}

/** An event, and the signature inside it or around it. */
function envelope(event: JsonObject, around: JsonObject = event): CallbackEnvelope {
  const { jwsData: _, ...members } = event
  return { event: members, jwsData: signatureIn(event) ?? signatureIn(around) }
}

/** The envelopes in an object: it has events as a member, or an event's own members, possibly without the type. */
function envelopesOf(object: JsonObject): ReadonlyArray<CallbackEnvelope> {
  const events = eventsHeld(object, lenient)
  if (events.length > 0) return events.map((event) => envelope(event, object))
  return memberOf(object, "applicationReference") === undefined ? [] : [envelope(object)]
}

/**
 * The one callback in a body, inside at most {@link callbackWrappersMax} objects or lists. It is the outermost object
 * that names a loan, because anything deeper may be about another loan. A signature next to an outer object counts for
 * the callback inside it.
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
 * The envelopes inside an object, with the reference or type next to them (unless those belong to another event) and
 * with a signature from there.
 */
const within = (value: JsonObject, { event, jwsData = signatureIn(value) }: CallbackEnvelope) => ({
  event: agrees(event, value) ? withBeside(event, value) : event,
  jwsData,
})

/**
 * The members that may contain the callback, the likeliest first: objects with the right name, then other objects, then
 * texts with the right name, because people may have written those.
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
 * If there are several events, nothing says which is meant. Their names are kept, so that the engine asks the bank or a
 * person looks.
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
