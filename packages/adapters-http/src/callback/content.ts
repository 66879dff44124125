import { headerParameters } from "@loan-engine/adapters-xml/xml/header-parameters"
import { encodingOf } from "@loan-engine/adapters-xml/xml/text-encodings"
import type { TextEncoding } from "@loan-engine/adapters-xml/xml/text-encodings"
import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import { shownEncoding } from "../message/encoding.ts"
import { isUnpackedTooLarge, unpack } from "../http/content-coding.ts"

/** What is no JSON, whatever the body. Many senders name a type that says nothing of it, or none. */
const otherType = /^(?:multipart|image|audio|video|font)\/|[/+]xml(?:-|$)|^application\/(?:pdf|zip)$/u

/** Whether the type may be a callback's; the body itself then shows whether it is one. */
export function isReadableType(contentType: string | null): boolean {
  const [type = ""] = (contentType ?? "").split(";", 1)
  const name = type.trim().toLowerCase()
  return !otherType.test(name)
}

/** The one charset that is named; UTF-8, which is JSON's own, where there is none, or none that is read. */
function charsetOf(contentType: string | null): TextEncoding {
  const labels = headerParameters(contentType ?? "").flatMap(([name, value]) =>
    name === "charset" && value.trim() !== "" ? [value] : [],
  )
  const [charset = "utf-8", ...others] = new Set(labels.map(encodingOf))
  return others.length === 0 ? charset : "utf-8"
}

/**
 * The bytes in an encoding that they show by themselves. JSON is UTF-8 by its own standard, many senders name another charset
 * and send UTF-8, and UTF-16 shows by its first bytes, in either order: so only what shows neither is read by the charset that
 * was named.
 */
export function asUtf8(bytes: Uint8Array, contentType: string | null): Uint8Array {
  const charset = charsetOf(contentType)
  // What is in UTF-16 would show it, whatever is said.
  if (charset.startsWith("utf-") || shownEncoding(bytes) !== "utf-8" || isUtf8(bytes)) return bytes
  try {
    return new TextEncoder().encode(new TextDecoder(charset, { fatal: true }).decode(bytes))
  } catch {
    return bytes
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The body without its content coding. The limit of its size holds for what comes out. */
export const unpacked = (
  bytes: Uint8Array,
  contentEncoding: string | null,
  callbackBytesMax: number,
): Effect.Effect<Uint8Array, CallbackRefused> =>
  Effect.tryPromise({
    try: () => unpack(bytes, contentEncoding, callbackBytesMax),
    catch: (error) =>
      new CallbackRefused({ code: isUnpackedTooLarge(error) ? "body-too-large" : "encoding-invalid" }),
  })
