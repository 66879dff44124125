import { promisify } from "node:util"
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const unzlib: Unpack = promisify(inflate)
const unzlibRaw: Unpack = promisify(inflateRaw)

/** `deflate` is zlib's form by its standard; some senders leave zlib's frame out. */
const undeflate: Unpack = (bytes, options) =>
  unzlib(bytes, options).catch((error: unknown) =>
    isUnpackedTooLarge(error) ? Promise.reject(asError(error)) : unzlibRaw(bytes, options),
  )

const ungzip: Unpack = promisify(gunzip)
const unbrotli: Unpack = promisify(brotliDecompress)

/** Each content coding that is read, by the names it goes by. */
const codings: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", ungzip],
  ["x-gzip", ungzip],
  ["deflate", undeflate],
  ["br", unbrotli],
])

/** What some senders name that is no packing. */
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

/** The codings that a body came in, without those that change nothing. */
const codingsOf = (contentEncoding: string): ReadonlyArray<string> =>
  contentEncoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !unpackedNames.has(coding))

/** One coding at most: a body packed twice is nobody's message. */
export function isReadableEncoding(contentEncoding: string | null): boolean {
  const named = codingsOf(contentEncoding ?? "")
  return named.length <= 1 && named.every((coding) => codings.has(coding))
}

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b

/** Whether a body begins as JSON and XML do, behind white space, a byte order mark, or in UTF-16. */
const isPlain = (bytes: Uint8Array): boolean =>
  /^[\0\s\u00EF\u00BB\u00BF\u00FE\u00FF]{0,16}["{[<]/u.test(
    Buffer.from(bytes.subarray(0, 17)).toString("latin1"),
  )

/**
 * A body without its content coding, of `bytesMax` at most; past them the work stops, and {@link isUnpackedTooLarge} says so. A
 * packed body shows itself, so one that a proxy has unpacked or packed without changing its header is read as it is.
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

/** The platform's own code of a body that unpacks to more than it may. */
export const unpackedTooLargeCode = "ERR_BUFFER_TOO_LARGE"

export const isUnpackedTooLarge = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === unpackedTooLargeCode

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error("not unpacked"))
