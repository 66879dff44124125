import { gunzipSync } from "node:zlib"
import { asUtf8, isReadableType } from "@loan-engine/adapters-http/callback/content"
import { callbackEvents, decodeCallback } from "@loan-engine/adapters-http/message/message"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { Dialect, Spoken } from "@loan-engine/app/sandbox/dialects/dialect"
import type { LeftOut } from "@loan-engine/domain/detail"
import type { Offer } from "@loan-engine/domain/offer"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { Result } from "effect"

/** What a reader reads from a message, or the tag of its error. */
export interface Read {
  readonly reference?: string
  readonly events: ReadonlyArray<LoanEvent>
  readonly leftOut: LeftOut
  /** The offer that was read, even if the decision needs none. */
  readonly offer?: Offer
}
export type Reader = (message: Spoken) => Read | string

const at = 7

/** A callback's body in the form that the receiver gives to its decoder. */
export const unpackedCallback = ({ bytes, contentType, contentEncoding }: Spoken): Uint8Array =>
  asUtf8(contentEncoding === undefined ? bytes : gunzipSync(bytes), contentType)

/** The engine's own readers, by the kind of message. */
export const readers: Readonly<Record<"callback" | "status" | "quote", Reader>> = {
  callback: (message) => {
    if (!isReadableType(message.contentType)) return "another content type"
    return Result.match(decodeCallback(unpackedCallback(message)), {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (message) => ({
        reference: message.applicationReference,
        events: callbackEvents(message, at),
        leftOut: message.leftOut ?? [],
        ...("offer" in message.event ? { offer: message.event.offer } : {}),
      }),
    })
  },
  status: ({ bytes, contentType }) =>
    Result.match(getApplicationStatusResponse.decode(bytes, { contentType }), {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (message) => ({
        events: applicationStatusEvents(message, at),
        leftOut: message.leftOut ?? [],
      }),
    }),
  quote: ({ bytes, contentType }) =>
    Result.match(getApplicationQuoteResponse.decode(bytes, { contentType }), {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (message) => ({
        reference: message.applicationReference,
        events: applicationQuoteEvents(message, at),
        leftOut: message.leftOut ?? [],
        offer: message.offer,
      }),
    }),
}

/** The details of an event by their names, without its type. */
function detailsOf(event: LoanEvent): Readonly<Record<string, unknown>> {
  if (event.type === "decision.approved") return { ...event.offer }
  if (event.type === "addition.requested") return { requiredDocuments: event.requiredDocuments }
  return event.type === "agreement.signed" ? { signedWithMethod: event.method } : {}
}

const wordOf = (event: LoanEvent): string => JSON.stringify([event.type, event.at, "fresh" in event])

/**
 * The errors in a reading of a message in dialects, compared with the reading of the plain message. Empty without
 * errors.
 */
export function wrongWith(
  plain: Read,
  read: Read | string,
  spoken: ReadonlyArray<Dialect>,
): ReadonlyArray<string> {
  if (typeof read === "string") return [`refused: ${read}`]
  const mayCost = new Set(spoken.flatMap(({ costs }) => costs))
  const wrong: Array<string> = []
  if (read.reference !== plain.reference) wrong.push("another reference")
  if (read.events.map(wordOf).join() !== plain.events.map(wordOf).join()) wrong.push("another word")
  const details: Readonly<Record<string, unknown>> = { ...plain.offer }
  for (const name of read.leftOut) {
    const isWorth = mayCost.has(name) || spoken.some(({ costsAt }) => costsAt?.(name, details[name]))
    if (!isWorth) wrong.push(`${name} is left out for nothing`)
  }
  plain.events.forEach((event, index) => {
    const other = read.events[index]
    const found = other === undefined ? {} : detailsOf(other)
    for (const [name, value] of Object.entries(detailsOf(event))) {
      if (JSON.stringify(found[name]) === JSON.stringify(value)) continue
      const isNamed = found[name] === undefined && read.leftOut.some((leftOut) => leftOut === name)
      if (!isNamed) wrong.push(`${name} is neither the same nor left out and named`)
    }
  })
  return wrong
}
