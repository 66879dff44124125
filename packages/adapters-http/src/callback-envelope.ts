import { unreadableMark } from "./callback-encoding.ts"
import { isJsonList, isJsonObject, memberOf } from "./callback-json.ts"
import type { JsonObject, JsonValue } from "./callback-json.ts"
import { callbackWrappersMax, eventIn, valueIn } from "./callback-shape.ts"

/** A callback's two members, wherever they stand. */
export interface CallbackEnvelope {
  readonly event: JsonObject
  readonly jwsData: JsonValue | undefined
}

const lenient = { lenient: true } as const

type EnvelopeIn = (object: JsonObject) => CallbackEnvelope | undefined

/** What tells an event. Where it stands beside the event, it is the event's. */
const identifying: ReadonlySet<string> = new Set(["applicationReference", "applicationEventType"])

/** The envelope that an object is: with the event as a member, or with the event's own members. */
const envelopeIn: EnvelopeIn = (object) => {
  const event = eventIn(memberOf(object, "externalApplicationEvent"), lenient)
  if (event === undefined)
    return memberOf(object, "applicationEventType") === undefined ? undefined : loanIn(object)
  const besides = Object.entries(object).filter(([name]) => identifying.has(name))
  const { jwsData = memberOf(object, "jwsData"), ...members } = { ...Object.fromEntries(besides), ...event }
  return { event: members, jwsData }
}

/** An object that names a loan, and does not say what is new about it. */
const loanIn: EnvelopeIn = (object) => {
  if (memberOf(object, "applicationReference") === undefined) return undefined
  const { jwsData, ...event } = object
  return { event, jwsData }
}

/**
 * The one callback in a body, within at most {@link callbackWrappersMax} objects or lists. A signature beside an outer object
 * counts for the callback that it wraps. Where no event is, what names a loan is one of which the type is missing.
 */
export function findEnvelope(body: JsonValue): CallbackEnvelope | undefined {
  const found = envelopesIn(body, callbackWrappersMax, envelopeIn)
  return theOne(found.length > 0 ? found : envelopesIn(body, callbackWrappersMax, loanIn))
}

function envelopesIn(written: JsonValue, wrappers: number, own: EnvelopeIn): ReadonlyArray<CallbackEnvelope> {
  const value = valueIn(written, lenient)
  const envelope = isJsonObject(value) ? own(value) : undefined
  if (envelope !== undefined) return [envelope]
  if (wrappers === 0) return []
  const members = isJsonObject(value) ? Object.values(value) : isJsonList(value) ? value : []
  const found = members.flatMap((member) => envelopesIn(member, wrappers - 1, own))
  const jwsData = isJsonObject(value) ? memberOf(value, "jwsData") : undefined
  return found.map(({ event, jwsData: inner = jwsData }) => ({ event, jwsData: inner }))
}

const distinct = <A extends JsonValue | undefined>(values: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
]

/** Nothing says which of several events is meant. What they name is kept, so that the bank is asked or a person looks. */
function theOne(found: ReadonlyArray<CallbackEnvelope>): CallbackEnvelope | undefined {
  const [event, ...others] = distinct(found.map((envelope) => envelope.event))
  if (event === undefined) return undefined
  const [jwsData, ...otherJws] = distinct(found.map((envelope) => envelope.jwsData))
  const signature = otherJws.length === 0 ? jwsData : unreadableMark
  if (others.length === 0) return { event, jwsData: signature }
  const named = [event, ...others].flatMap((each) => memberOf(each, "applicationReference") ?? [])
  const [reference, ...otherReferences] = distinct(named)
  if (reference === undefined) return undefined
  const applicationReference = otherReferences.length === 0 ? reference : [reference, ...otherReferences]
  return { event: { applicationReference }, jwsData: signature }
}
