import { headerParameters } from "@loan-engine/adapters-xml/xml/header-parameters"
import { encodingOf } from "@loan-engine/adapters-xml/xml/text-encodings"
import type { TextEncoding } from "@loan-engine/adapters-xml/xml/text-encodings"
import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import { shownEncoding } from "../message/encoding.ts"
import { isUnpackedTooLarge, unpack } from "../http/content-coding.ts"

/**
 * Media types that are certainly not JSON. Any other type is accepted, because many senders name a wrong type or
 * none.
 */
const otherType = /^(?:multipart|image|audio|video|font)\/|[/+]xml(?:-|$)|^application\/(?:pdf|zip)$/u

/** Whether a callback may have this media type. The body then shows whether it is JSON. */
export function isReadableType(contentType: string | null): boolean {
  const [type = ""] = (contentType ?? "").split(";", 1)
  const name = type.trim().toLowerCase()
  return !otherType.test(name)
}

/**
 * The charset that the header names. If it names none, or one that is not supported, it is UTF-8, which is JSON's
 * own.
 */
function charsetOf(contentType: string | null): TextEncoding {
  const labels = headerParameters(contentType ?? "").flatMap(([name, value]) =>
    name === "charset" && value.trim() !== "" ? [value] : [],
  )
  const [charset = "utf-8", ...others] = new Set(labels.map(encodingOf))
  return others.length === 0 ? charset : "utf-8"
}

/**
 * Converts a body to UTF-8. JSON is UTF-8 by its standard, and many senders name another charset but send UTF-8.
 * UTF-16 can be recognized by the first bytes. The named charset is used only if the bytes are neither.
 */
export function asUtf8(bytes: Uint8Array, contentType: string | null): Uint8Array {
  const charset = charsetOf(contentType)
  // UTF-16 would have been recognized by the bytes, so the name UTF-16 is ignored.
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

/** Decompresses a body. The size limit applies to the decompressed body. */
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
