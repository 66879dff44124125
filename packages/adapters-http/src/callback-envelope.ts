import { isJsonList, isJsonObject, memberOf } from "./callback-json.ts"
import type { JsonObject, JsonValue } from "./callback-json.ts"

/** How many objects or lists may stand around a callback's own object. The bank's page shows none. */
export const callbackWrappersMax = 2

/** A callback's two members, wherever they stand. */
export interface CallbackEnvelope {
  readonly event: JsonObject
  readonly jwsData: JsonValue | undefined
}

const eventName = "externalApplicationEvent"
const identifying = ["applicationReference", "applicationEventType"]

/** The envelope that an object is: with the event as a member, or with the event's own members. */
function envelopeIn(object: JsonObject): CallbackEnvelope | undefined {
  const jwsData = memberOf(object, "jwsData")
  const event = memberOf(object, eventName)
  const [only, ...others] = isJsonList(event) ? event : [event]
  if (isJsonObject(only) && others.length === 0) return { event: only, jwsData }
  const isEvent = event === undefined && identifying.every((name) => memberOf(object, name) !== undefined)
  return isEvent ? { event: object, jwsData } : undefined
}

/**
 * The one callback in a body, within at most {@link callbackWrappersMax} objects or lists. Several are none: nothing says which
 * is meant. A signature beside an outer object counts for the callback that it wraps.
 */
export function findEnvelope(body: JsonValue): CallbackEnvelope | undefined {
  const [only, ...others] = envelopesIn(body, callbackWrappersMax)
  return others.length === 0 ? only : undefined
}

function envelopesIn(value: JsonValue, wrappers: number): ReadonlyArray<CallbackEnvelope> {
  const own = isJsonObject(value) ? envelopeIn(value) : undefined
  if (own !== undefined) return [own]
  if (wrappers === 0) return []
  const members = isJsonObject(value) ? Object.values(value) : isJsonList(value) ? value : []
  const found = members.flatMap((member) => envelopesIn(member, wrappers - 1))
  const jwsData = isJsonObject(value) ? memberOf(value, "jwsData") : undefined
  return found.map(({ event, jwsData: own = jwsData }) => ({ event, jwsData: own }))
}
