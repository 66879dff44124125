import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import { headerParameters } from "@loan-engine/adapters-xml/header-parameters"
import { encodingOf } from "@loan-engine/adapters-xml/text-encodings"
import type { TextEncoding } from "@loan-engine/adapters-xml/text-encodings"
import { Effect } from "effect"
import { CallbackRefused } from "./callback-answer.ts"
import { shownEncoding } from "./callback-encoding.ts"

/** JSON under any of its names, and the names that senders use when they say nothing of the content. */
const jsonType = /^(?:(?:application|text)\/(?:x-)?json|[a-z0-9!#$&^_.-]+\/[a-z0-9!#$&^_.+-]+\+json)$/u
const untold: ReadonlySet<string> = new Set(["", "*/*", "text/plain", "application/octet-stream"])

/** Whether the type may be a callback's; the body itself then shows whether it is one. */
export function isReadableType(contentType: string | null): boolean {
  const [type = ""] = (contentType ?? "").split(";", 1)
  const name = type.trim().toLowerCase()
  return (jsonType.test(name) || untold.has(name)) && charsetOf(contentType) !== undefined
}

/** The one charset that is named, UTF-8 where none is; `undefined` for one that is not read. */
export function charsetOf(contentType: string | null): TextEncoding | undefined {
  const labels = headerParameters(contentType ?? "").flatMap(([name, value]) =>
    name === "charset" && value.trim() !== "" ? [value] : [],
  )
  const [charset, ...others] = new Set(labels.length === 0 ? (["utf-8"] as const) : labels.map(encodingOf))
  return others.length === 0 ? charset : undefined
}

/**
 * The bytes in an encoding that they show by themselves. JSON is UTF-8 by its own standard, many senders name another charset
 * and send UTF-8, and UTF-16 shows by its first bytes, in either order: so only what shows neither is read by the charset that
 * was named.
 */
export function asUtf8(bytes: Uint8Array, contentType: string | null): Uint8Array {
  const charset = charsetOf(contentType) ?? "utf-8"
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

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const unzlib: Unpack = promisify(inflate)
const unzlibRaw: Unpack = promisify(inflateRaw)

/** `deflate` is zlib's form by its standard; some senders leave zlib's frame out. */
const undeflate: Unpack = (bytes, options) =>
  unzlib(bytes, options).catch((error: unknown) =>
    isOverflow(error) ? Promise.reject(asError(error)) : unzlibRaw(bytes, options),
  )

const ungzip: Unpack = promisify(gunzip)
const unbrotli: Unpack = promisify(brotliDecompress)

/** Each content coding that is read, by the names it goes by; `acceptEncoding` tells senders of them. */
const codings: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", ungzip],
  ["x-gzip", ungzip],
  ["deflate", undeflate],
  ["br", unbrotli],
])

/** The codings that a body came in, without those that change nothing. */
const codingsOf = (contentEncoding: string | null): ReadonlyArray<string> =>
  (contentEncoding ?? "")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity")

/** One coding at most: a body packed twice is nobody's callback. */
export function isReadableEncoding(contentEncoding: string | null): boolean {
  const named = codingsOf(contentEncoding)
  return named.length <= 1 && named.every((coding) => codings.has(coding))
}

/** The body without its content coding. The limit of its size holds for what comes out, and stops the work there. */
export function unpacked(
  bytes: Uint8Array,
  contentEncoding: string | null,
  callbackBytesMax: number,
): Effect.Effect<Uint8Array, CallbackRefused> {
  const [coding] = codingsOf(contentEncoding)
  const unpack = coding === undefined ? undefined : codings.get(coding)
  if (unpack === undefined) return Effect.succeed(bytes)
  return Effect.tryPromise({
    try: () => unpack(bytes, { maxOutputLength: callbackBytesMax }),
    catch: (error) =>
      new CallbackRefused({ code: isOverflow(error) ? "body-too-large" : "encoding-invalid" }),
  })
}

const isOverflow = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error("not unpacked"))
