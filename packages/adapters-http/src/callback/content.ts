import { headerParameters } from "@loan-engine/adapters-xml/xml/header-parameters"
import { encodingOf } from "@loan-engine/adapters-xml/xml/text-encodings"
import type { TextEncoding } from "@loan-engine/adapters-xml/xml/text-encodings"
import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import { shownEncoding } from "../message/encoding.ts"
import { isUnpackedTooLarge, unpack } from "../http/content-coding.ts"

/** Types that are not JSON, with any body. Many senders name a type that says nothing, or none. */
const otherType = /^(?:multipart|image|audio|video|font)\/|[/+]xml(?:-|$)|^application\/(?:pdf|zip)$/u

/** Whether a callback may have this type. The body then shows whether it is one. */
export function isReadableType(contentType: string | null): boolean {
  const [type = ""] = (contentType ?? "").split(";", 1)
  const name = type.trim().toLowerCase()
  return !otherType.test(name)
}

/** The charset that the header names. UTF-8, which is JSON's own, if it names none or an unsupported one. */
function charsetOf(contentType: string | null): TextEncoding {
  const labels = headerParameters(contentType ?? "").flatMap(([name, value]) =>
    name === "charset" && value.trim() !== "" ? [value] : [],
  )
  const [charset = "utf-8", ...others] = new Set(labels.map(encodingOf))
  return others.length === 0 ? charset : "utf-8"
}

/**
 * Decodes the bytes by the encoding that they show themselves. JSON is UTF-8 by its standard, and many senders name
 * another charset but send UTF-8. UTF-16 shows in the first bytes, in either order. The named charset is used only if
 * the bytes show neither.
 */
export function asUtf8(bytes: Uint8Array, contentType: string | null): Uint8Array {
  const charset = charsetOf(contentType)
  // UTF-16 would show in the bytes, so a named UTF-16 is ignored.
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

/** The body without its content coding. The size limit applies to the decompressed body. */
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
