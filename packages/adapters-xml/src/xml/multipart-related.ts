import { headerParameter } from "./header-parameters.ts"
import { refuse } from "./error.ts"

/** How many parts a message may have, and how long the headers of one part may be. Only the root part is read. */
export const multipartPartsMax = 64
export const partHeadersLengthMax = 8_192

/** A document's bytes and their Content-Type. */
export interface TypedBytes {
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
}

const isMultipart = (contentType: string): boolean => /^\s*multipart\//iu.test(contentType)

/**
 * Finds the SOAP message in a `multipart/related` answer, which MTOM and SOAP with attachments send. It is the part
 * that `start` names. If there is none, it is the first part that may be XML, or else the first part. An answer of
 * another type is returned unchanged.
 */
export function rootPart(bytes: Uint8Array, contentType: string | undefined): TypedBytes {
  if (contentType === undefined || !isMultipart(contentType)) return { bytes, contentType }
  const boundary = headerParameter(contentType, "boundary")
  if (boundary === undefined)
    return refuse("malformed", "", "expected a boundary in the multipart Content-Type")
  const parts = partsOf(bytes, boundary)
  const start = contentId(headerParameter(contentType, "start"))
  const named =
    start === undefined
      ? undefined
      : parts.find(({ headers }) => contentId(headers.get("content-id")) === start)
  const root = named ?? parts.find(mayBeXml) ?? parts[0]
  if (root === undefined) return refuse("malformed", "", "expected a part behind the multipart boundary")
  return {
    bytes: untransferred(root, bytes),
    contentType: root.headers.get("content-type"),
  }
}

/** Whether a part may be XML. If an attachment comes first, it has another Content-Type. */
const mayBeXml = ({ headers }: Part): boolean =>
  /^\s*(?:text\/xml|application\/(?:xml|[^;]*\+xml))\b/iu.test(headers.get("content-type") ?? "text/xml")

/** A content id without angle brackets. Some writers leave the brackets out, and some write the id as a link. */
const contentId = (written: string | undefined): string | undefined =>
  written
    ?.trim()
    .replace(/^<(.*)>$/u, "$1")
    .replace(/^cid:/iu, "")

interface Part {
  readonly headers: ReadonlyMap<string, string>
  readonly from: number
  readonly to: number
}

/** Converts each byte to one character. So an offset in the text is also an offset in the bytes. */
const byteText = (bytes: Uint8Array): string => {
  const chunk = 8_192
  let text = ""
  for (let from = 0; from < bytes.length; from += chunk) {
    text += String.fromCharCode(...bytes.subarray(from, from + chunk))
  }
  return text
}

const literally = (text: string): string =>
  text.replace(/[^A-Za-z0-9]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`)

/** A pattern for the boundary lines. A line with a longer boundary that only begins the same does not match. */
const delimiters = (boundary: string): RegExp =>
  new RegExp(`\\n--${literally(boundary)}(--)?[ \\t\\0]*\\r?(?=\\n|$)`, "gu")

function partsOf(bytes: Uint8Array, boundary: string): ReadonlyArray<Part> {
  const text = `\n${byteText(bytes)}`
  const parts: Array<Part> = []
  let from: number | undefined
  for (const { 0: line, 1: closing, index } of text.matchAll(delimiters(boundary))) {
    if (from !== undefined) parts.push(partAt(text, from, index))
    if (closing !== undefined) return parts
    if (parts.length === multipartPartsMax)
      refuse("malformed", "", `expected at most ${multipartPartsMax} parts`)
    from = index + line.length
  }
  // There is no closing boundary: the message was cut off, or the writer forgot it.
  return from === undefined ? parts : [...parts, partAt(text, from, text.length)]
}

/**
 * One part. Offsets in the text are one greater than in the bytes, because a line end was added at the start of the
 * text.
 */
function partAt(text: string, afterDelimiter: number, end: number): Part {
  const from = text.indexOf("\n", afterDelimiter)
  const head = text.slice(from, Math.min(end, from + partHeadersLengthMax))
  const blank = from === -1 ? null : /\n\r?\n/u.exec(head)
  if (blank === null) return refuse("malformed", "", "expected a blank line behind a part's headers")
  const to = text[end - 1] === "\r" ? end - 1 : end
  return {
    headers: headersIn(head.slice(0, blank.index)),
    from: from + blank.index + blank[0].length - 1,
    to: to - 1,
  }
}

function headersIn(head: string): ReadonlyMap<string, string> {
  const lines = head.replace(/\r?\n[ \t]+/gu, " ").split(/\r?\n/u)
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":")
      return [line.slice(0, Math.max(colon, 0)).trim().toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
}

const fromBinary = (text: string): Uint8Array => Uint8Array.from(text, (unit) => unit.charCodeAt(0))

function fromBase64(text: string): Uint8Array {
  try {
    return fromBinary(atob(text.replace(/\s+/gu, "")))
  } catch {
    return refuse("encoding", "", "expected valid base64 in the root part")
  }
}

const fromQuotedPrintable = (text: string): Uint8Array =>
  fromBinary(
    text
      .replace(/=\r?\n/gu, "")
      .replace(/=([0-9A-Fa-f]{2})/gu, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  )

/** The transfer encodings of a part, each with its decoder. */
const transfers: ReadonlyMap<string, ((text: string) => Uint8Array) | null> = new Map([
  ["7bit", null],
  ["8bit", null],
  ["binary", null],
  ["base64", fromBase64],
  ["quoted-printable", fromQuotedPrintable],
])

function untransferred({ headers, from, to }: Part, bytes: Uint8Array): Uint8Array {
  const name = headers.get("content-transfer-encoding")?.toLowerCase().replaceAll('"', "") ?? "binary"
  const decode = transfers.get(name)
  const body = bytes.subarray(from, Math.max(from, to))
  if (decode === undefined) {
    return refuse("encoding", "", `expected a transfer encoding of ${[...transfers.keys()].join(", ")}`)
  }
  return decode === null ? body : decode(byteText(body))
}
