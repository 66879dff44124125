import { callbackEvents, decodeCallback } from "@loan-engine/adapters-http/callback-message"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { Dialect, Spoken } from "@loan-engine/app/sandbox/dialects/dialect"
import type { LeftOut } from "@loan-engine/domain/detail"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { Result } from "effect"

/** What a reader makes of a message, or the tag of its error. */
export interface Read {
  readonly reference?: string
  readonly events: ReadonlyArray<LoanEvent>
  readonly leftOut: LeftOut
}
export type Reader = (message: Spoken) => Read | string

const at = 7

/** The engine's own readers, by what they read. */
export const readers: Readonly<Record<"callback" | "status" | "quote", Reader>> = {
  callback: ({ bytes }) =>
    Result.match(decodeCallback(bytes), {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (message) => ({
        reference: message.applicationReference,
        events: callbackEvents(message, at),
        leftOut: message.leftOut ?? [],
      }),
    }),
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
      }),
    }),
}

/** An event's details by their names, apart from its word. */
function detailsOf(event: LoanEvent): Readonly<Record<string, unknown>> {
  if (event.type === "decision.approved") return { ...event.offer }
  if (event.type === "addition.requested") return { requiredDocuments: event.requiredDocuments }
  return event.type === "agreement.signed" ? { signedWithMethod: event.method } : {}
}

const wordOf = (event: LoanEvent): string => JSON.stringify([event.type, event.at, "fresh" in event])

/** What is wrong with a reading of a message in dialects, compared with that of the plain one; nothing, if it is right. */
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
  for (const name of read.leftOut) if (!mayCost.has(name)) wrong.push(`${name} is left out for nothing`)
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
