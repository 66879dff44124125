import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import { isNativeError } from "node:util/types"

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const unzlib: Unpack = promisify(inflate)
const unzlibRaw: Unpack = promisify(inflateRaw)

/** By its standard, `deflate` has a zlib header. Some senders leave it out. */
const undeflate: Unpack = (bytes, options) =>
  unzlib(bytes, options).catch((error: unknown) =>
    isUnpackedTooLarge(error) ? Promise.reject(asError(error)) : unzlibRaw(bytes, options),
  )

const ungzip: Unpack = promisify(gunzip)
const unbrotli: Unpack = promisify(brotliDecompress)

/** The supported content codings, by all their names. */
const codings: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", ungzip],
  ["x-gzip", ungzip],
  ["deflate", undeflate],
  ["br", unbrotli],
])

/** Names that some senders write for "not compressed". */
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

/** The content codings that a header names, without names for "not compressed". */
const codingsOf = (contentEncoding: string): ReadonlyArray<string> =>
  contentEncoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !unpackedNames.has(coding))

/** Whether the content coding is supported. At most one is, because no sender compresses a body twice. */
export function isReadableEncoding(contentEncoding: string | null): boolean {
  const named = codingsOf(contentEncoding ?? "")
  return named.length <= 1 && named.every((coding) => codings.has(coding))
}

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b

/** Whether a body begins like JSON or XML, also after white space or a byte order mark, or in UTF-16. */
const isPlain = (bytes: Uint8Array): boolean =>
  /^[\0\s\u00EF\u00BB\u00BF\u00FE\u00FF]{0,16}["{[<]/u.test(
    Buffer.from(bytes.subarray(0, 17)).toString("latin1"),
  )

/**
 * Decompresses a body, up to `bytesMax`. If the result is larger, decompression fails with an error that
 * {@link isUnpackedTooLarge} recognizes. A proxy may compress or decompress a body without changing the header. So
 * the bytes decide whether the body is compressed.
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

/** Node's error code for a body that is larger than the limit after decompression. */
export const unpackedTooLargeCode = "ERR_BUFFER_TOO_LARGE"

export const isUnpackedTooLarge = (error: unknown): boolean =>
  isNativeError(error) && "code" in error && error.code === unpackedTooLargeCode

const asError = (error: unknown): Error => (isNativeError(error) ? error : new Error("not unpacked"))
