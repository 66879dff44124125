import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import { Effect } from "effect"
import { CallbackRefused } from "./callback-answer.ts"

/** JSON under any of its names, and the names that senders use when they say nothing of the content. */
const jsonType = /^(?:(?:application|text)\/(?:x-)?json|[a-z0-9!#$&^_.-]+\/[a-z0-9!#$&^_.+-]+\+json)$/u
const untold: ReadonlySet<string> = new Set(["", "*/*", "text/plain", "application/octet-stream"])

/** The charsets whose text is read, by the name that the Encoding Standard gives each of their labels. */
const charsets: ReadonlySet<string> = new Set([
  "utf-8",
  "utf-16le",
  "utf-16be",
  "windows-1252",
  "iso-8859-15",
])

/** Whether the type may be a callback's; the body itself then shows whether it is one. */
export function isReadableType(contentType: string | null): boolean {
  const [type = ""] = (contentType ?? "").split(";", 1)
  const name = type.trim().toLowerCase()
  return (jsonType.test(name) || untold.has(name)) && charsetOf(contentType) !== undefined
}

/**
 * The charset by its standard name, UTF-8 where none is named; `undefined` for one that is not read. US-ASCII is a part of
 * every charset here, so its labels may stand for any of them.
 */
export function charsetOf(contentType: string | null): string | undefined {
  const named = new Set<string>()
  for (const parameter of (contentType ?? "").split(";").slice(1)) {
    const [, label] = charsetParameter.exec(parameter) ?? []
    if (label !== undefined) named.add(standardName(label))
  }
  const [charset = "utf-8", ...others] = named
  return others.length === 0 && charsets.has(charset) ? charset : undefined
}

const charsetParameter = /^\s*charset\s*=\s*["']?\s*([^"'\s]+)\s*["']?\s*$/iu

function standardName(label: string): string {
  try {
    return new TextDecoder(label.replaceAll("_", "-")).encoding
  } catch {
    return label
  }
}

/**
 * The bytes as UTF-8. JSON is UTF-8 by its own standard, and many senders name another charset and send UTF-8: so what is
 * valid UTF-8 is taken for it, and only the rest is read by the charset that was named.
 */
export function asUtf8(bytes: Uint8Array, contentType: string | null): Uint8Array {
  const charset = charsetOf(contentType) ?? "utf-8"
  if (charset === "utf-8" || (!charset.startsWith("utf-16") && isUtf8(bytes))) return bytes
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
