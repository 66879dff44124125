import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import { isNativeError } from "node:util/types"

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const unzlib: Unpack = promisify(inflate)
const unzlibRaw: Unpack = promisify(inflateRaw)

/** By its standard, `deflate` has zlib's frame. Some senders leave the frame out. */
const undeflate: Unpack = (bytes, options) =>
  unzlib(bytes, options).catch((error: unknown) =>
    isUnpackedTooLarge(error) ? Promise.reject(asError(error)) : unzlibRaw(bytes, options),
  )

const ungzip: Unpack = promisify(gunzip)
const unbrotli: Unpack = promisify(brotliDecompress)

/** Each supported content coding, by all its names. */
const codings: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", ungzip],
  ["x-gzip", ungzip],
  ["deflate", undeflate],
  ["br", unbrotli],
])

/** Names that some senders use for no compression. */
const unpackedNames: ReadonlySet<string> = new Set([
  "",
  "identity",
  "none",
  "plain",
  "binary",
  "7bit",
  "8bit",
  "utf-8",
  "utf8",
])

/** The codings of a body, without those that change nothing. */
const codingsOf = (contentEncoding: string): ReadonlyArray<string> =>
  contentEncoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !unpackedNames.has(coding))

/** At most one coding: no sender compresses a body twice. */
export function isReadableEncoding(contentEncoding: string | null): boolean {
  const named = codingsOf(contentEncoding ?? "")
  return named.length <= 1 && named.every((coding) => codings.has(coding))
}

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b

/** Whether a body begins like JSON or XML: after white space or a byte order mark, or in UTF-16. */
const isPlain = (bytes: Uint8Array): boolean =>
  /^[\0\s\u00EF\u00BB\u00BF\u00FE\u00FF]{0,16}["{[<]/u.test(
    Buffer.from(bytes.subarray(0, 17)).toString("latin1"),
  )

/**
 * A body without its content coding, of at most `bytesMax`. Above that, decompression stops, and {@link
 * isUnpackedTooLarge} recognizes the error. A proxy may compress or decompress a body without changing its header. The
 * bytes show whether they are compressed, so the body is read as it is.
 */
export async function unpack(
  bytes: Uint8Array,
  contentEncoding: string | null,
  bytesMax: number,
): Promise<Uint8Array> {
  const options = { maxOutputLength: bytesMax }
  if (isGzip(bytes)) return ungzip(bytes, options)
  const [coding] = codingsOf(contentEncoding ?? "")
  const unpackCoding = coding === undefined ? undefined : codings.get(coding)
  if (unpackCoding === undefined) return bytes
  return unpackCoding(bytes, options).catch((error: unknown) =>
    isPlain(bytes) && !isUnpackedTooLarge(error) ? bytes : Promise.reject(asError(error)),
  )
}

/** The platform's own error code for a body that decompresses to more than the limit. */
export const unpackedTooLargeCode = "ERR_BUFFER_TOO_LARGE"

export const isUnpackedTooLarge = (error: unknown): boolean =>
  isNativeError(error) && "code" in error && error.code === unpackedTooLargeCode

const asError = (error: unknown): Error => (isNativeError(error) ? error : new Error("not unpacked"))
