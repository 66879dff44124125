import { headerParameter } from "./header-parameters.ts"
import { encodingOf, textEncodings } from "./text-encodings.ts"
import type { TextEncoding } from "./text-encodings.ts"
import { refuse } from "./error.ts"
import type { XmlOptions } from "./limits.ts"

/**
 * US-ASCII is separate here, although the Encoding Standard treats its labels as windows-1252. If there are bytes
 * beyond ASCII, such a label is simply wrong.
 */
type Encoding = TextEncoding | "us-ascii"

/** Byte order marks. UTF-32 comes first, because its mark begins with that of UTF-16. UTF-32 is not supported. */
const byteOrderMarks: ReadonlyArray<readonly [mark: ReadonlyArray<number>, Encoding | "utf-32"]> = [
  [[0xff, 0xfe, 0x00, 0x00], "utf-32"],
  [[0x00, 0x00, 0xfe, 0xff], "utf-32"],
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
]
const unmarkedUtf16: ReadonlyArray<readonly [mark: ReadonlyArray<number>, Encoding]> = [
  [[0x3c, 0x00], "utf-16le"],
  [[0x00, 0x3c], "utf-16be"],
]

/** How many bytes are searched for the XML declaration before the encoding is known. */
const xmlDeclarationBytesMax = 1_024

/** Reads each byte as one character. That is enough to find a declaration, because it is in ASCII. */
const asciiDecoder = new TextDecoder("latin1")

const space = "[ \\t\\r\\n]"
const equals = `${space}*=${space}*`

/**
 * The XML declaration at the very start. All versions 1.x are read by the rules of 1.0, according to its fifth
 * edition.
 */
export const xmlDeclaration = new RegExp(
  `^<\\?xml${space}+version${equals}(?:"1\\.[0-9]+"|'1\\.[0-9]+')` +
    `(?:${space}+encoding${equals}(?<quote>["'])(?<encoding>[A-Za-z0-9][A-Za-z0-9._-]*)\\k<quote>)?` +
    `(?:${space}+standalone${equals}(?:"(?:yes|no)"|'(?:yes|no)'))?${space}*\\?>`,
)

/** Decodes the bytes. `undefined` if they are not valid in this encoding. */
function decodeAs(encoding: Encoding, bytes: Uint8Array): string | undefined {
  if (encoding === "us-ascii" && bytes.some((byte) => byte > 0x7f)) return undefined
  const label = encoding === "us-ascii" ? "utf-8" : encoding
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return undefined
  }
}

function begin<E>(
  bytes: Uint8Array,
  table: ReadonlyArray<readonly [ReadonlyArray<number>, E]>,
): E | undefined {
  return table.find(([mark]) => mark.every((byte, index) => bytes[index] === byte))?.[1]
}

const utf8Mark: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf])
const spaces: ReadonlySet<number | undefined> = new Set([0x20, 0x0a, 0x0d, 0x09])

/**
 * Recognizes UTF-16 without a byte order mark. The zero byte beside the first `<` shows the byte order. White space
 * before it also has two bytes for each character.
 */
function utf16ByBytes(bytes: Uint8Array): Encoding | undefined {
  let at = 0
  const isSpace = (first: number, second: number): boolean => spaces.has(bytes[first]) && bytes[second] === 0
  while (isSpace(at, at + 1) || isSpace(at + 1, at)) at += 2
  return begin(bytes.subarray(at), unmarkedUtf16)
}

const isAscii = (label: string): boolean => /ascii/iu.test(label)

/**
 * The encoding that a label names. `undefined` if the label says UTF-16 and the bytes are not: some servers send a
 * wrong label.
 */
function named(label: string, bytes: Uint8Array): Encoding | undefined {
  // A document begins with an ASCII character, so the bytes show whether it is UTF-16, and in which byte order. The
  // bytes count, not the label.
  if (/^utf[-_]?16/iu.test(label)) return utf16ByBytes(bytes)
  const encoding = encodingOf(label)
  if (encoding !== undefined) return isAscii(label) ? "us-ascii" : encoding
  return refuse("encoding", "", `expected an encoding of ${textEncodings.join(", ")}, by one of its labels`)
}

/** The encoding in the XML declaration, if the declaration is written in ASCII. */
function declaredIn(bytes: Uint8Array): string | undefined {
  const from = bytes.findIndex((byte) => !spaces.has(byte) && !utf8Mark.has(byte))
  const head = asciiDecoder.decode(bytes.subarray(from, from + xmlDeclarationBytesMax))
  if (head.startsWith("<?xml ") && !head.includes("?>")) {
    refuse("encoding", "", `expected an XML declaration of at most ${xmlDeclarationBytesMax} bytes`)
  }
  return xmlDeclaration.exec(head)?.groups?.["encoding"]
}

/** Placeholders for a charset that nobody has set. */
const saysNothing: ReadonlySet<string> = new Set(["", "*", "none", "null", "undefined", "binary", "default"])

/** The encodings that the bytes or a label name, the most reliable first. */
function* saidEncodings(bytes: Uint8Array, contentType: string | undefined): Generator<Encoding> {
  const marked = begin(bytes, byteOrderMarks)
  if (marked === "utf-32") refuse("encoding", "", "expected no UTF-32")
  // If there is a byte order mark, no other encoding is tried. A different label is certainly wrong, and windows-1252
  // would fit any bytes.
  else if (marked !== undefined) return yield marked
  const charset = headerParameter(contentType ?? "", "charset")?.trim() ?? ""
  const told = saysNothing.has(charset.toLowerCase()) ? undefined : named(charset, bytes)
  if (told !== undefined) yield told
  const detected = utf16ByBytes(bytes)
  if (detected !== undefined) yield detected
  const declared = declaredIn(bytes)
  const written = declared === undefined ? undefined : named(declared, bytes)
  if (written !== undefined) yield written
  yield "utf-8"
}

interface Known {
  readonly contentType: string | undefined
  readonly marksUnreadable: XmlOptions["marksUnreadable"]
}

/**
 * Decodes a document. A byte order mark counts first, then the charset of the Content-Type, then the XML declaration,
 * then UTF-8 (RFC 7303, section 3). If a label cannot be right for the bytes, it is ignored, because servers and
 * proxies often leave wrong labels. An unknown label is an error. If the bytes are not valid in any of the named
 * encodings, that is an error, unless `marksUnreadable` is set. Byte order marks and white space before the document
 * are removed, and so are NULs and white space after it.
 */
export function decodeXmlBytes(bytes: Uint8Array, { contentType, marksUnreadable }: Known): string {
  const tried = new Set<Encoding>()
  for (const encoding of saidEncodings(bytes, contentType)) {
    const text = tried.has(encoding) ? undefined : decodeAs(encoding, bytes)
    if (text !== undefined) return documentIn(text)
    tried.add(encoding)
  }
  const likeliest = [...tried].find((encoding) => encoding !== "us-ascii") ?? "utf-8"
  const marked = marksUnreadable === true ? documentIn(new TextDecoder(likeliest).decode(bytes)) : ""
  if (marked.startsWith("<")) return marked
  return refuse("encoding", "", `expected bytes that are valid ${[...tried].join(" or ")}`)
}

function documentIn(text: string): string {
  let end = text.length
  while (text[end - 1] === "\0" || spaces.has(text.charCodeAt(end - 1))) end -= 1
  return text.slice(0, end).replace(/^[\uFEFF \t\r\n]+/u, "")
}
