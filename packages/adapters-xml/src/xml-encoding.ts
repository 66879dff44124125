import { refuse } from "./xml-error.ts"

type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "iso-8859-1" | "us-ascii"

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ["utf-8", "utf-8"],
  ["utf8", "utf-8"],
  ["utf-16le", "utf-16le"],
  ["utf-16be", "utf-16be"],
  ["iso-8859-1", "iso-8859-1"],
  ["latin1", "iso-8859-1"],
  ["us-ascii", "us-ascii"],
  ["ascii", "us-ascii"],
])

/**
 * What the first bytes say. UTF-32 comes first, because its mark begins with that of UTF-16; nobody needs it.
 */
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

/** How many bytes are searched for the declaration before the encoding is known. */
const xmlDeclarationBytesMax = 256

/** Good enough to look for a declaration, which is ASCII: it reads each byte as one character. */
const asciiDecoder = new TextDecoder("latin1")

const space = "[ \\t\\r\\n]"
const equals = `${space}*=${space}*`

/**
 * The XML declaration at the very start. Versions 1.x are all read by the rules of 1.0, as its fifth edition
 * says.
 */
export const xmlDeclaration = new RegExp(
  `^<\\?xml${space}+version${equals}(?:"1\\.[0-9]+"|'1\\.[0-9]+')` +
    `(?:${space}+encoding${equals}(?<quote>["'])(?<encoding>[A-Za-z][A-Za-z0-9._-]*)\\k<quote>)?` +
    `(?:${space}+standalone${equals}(?:"(?:yes|no)"|'(?:yes|no)'))?${space}*\\?>`,
)

// The platform's decoder of that name reads windows-1252, where 0x80 to 0x9F are other characters.
function decodeLatin1(bytes: Uint8Array): string {
  const chunk = 8_192
  let text = ""
  for (let from = 0; from < bytes.length; from += chunk) {
    text += String.fromCharCode(...bytes.subarray(from, from + chunk))
  }
  return text
}

function decodeAs(encoding: Encoding, bytes: Uint8Array): string {
  if (encoding === "iso-8859-1") return decodeLatin1(bytes)
  if (encoding === "us-ascii" && bytes.some((byte) => byte > 0x7f)) {
    return refuse("encoding", "", "expected ASCII as declared, found bytes above 0x7F")
  }
  const label = encoding === "us-ascii" ? "utf-8" : encoding
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return refuse("encoding", "", `expected valid ${label}`)
  }
}

function begin<E>(
  bytes: Uint8Array,
  table: ReadonlyArray<readonly [ReadonlyArray<number>, E]>,
): E | undefined {
  return table.find(([mark]) => mark.every((byte, index) => bytes[index] === byte))?.[1]
}

function named(label: string, bytes: Uint8Array): Encoding {
  const lower = label.toLowerCase()
  if (lower === "utf-16") return begin(bytes, unmarkedUtf16) ?? "utf-16be"
  const encoding = encodings.get(lower)
  if (encoding !== undefined) return encoding
  return refuse("encoding", "", "expected the encoding UTF-8, UTF-16, ISO-8859-1 or US-ASCII")
}

/** Of a document that came without a charset, the declaration must not contradict what its bytes are. */
function checkDeclared(text: string, encoding: Encoding): void {
  const declared = xmlDeclaration.exec(text)?.groups?.["encoding"]?.toLowerCase()
  if (declared === undefined) return
  const agrees = declared === "utf-16" ? encoding.startsWith("utf-16") : encodings.get(declared) === encoding
  if (!agrees) refuse("encoding", "", `expected the declared encoding, found ${encoding}`)
}

/**
 * The document's text. A byte order mark goes first, then the Content-Type's charset, then the XML
 * declaration, then UTF-8 (RFC 7303, section 3). Decoding is fatal: no byte is ever replaced.
 */
export function decodeXmlBytes(bytes: Uint8Array, contentType: string | undefined): string {
  const marked = begin(bytes, byteOrderMarks)
  if (marked === "utf-32") return refuse("encoding", "", "expected no UTF-32")
  const charset = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType ?? "")?.[1]
  if (marked === undefined && charset !== undefined) return decodeAs(named(charset, bytes), bytes)
  const detected = marked ?? begin(bytes, unmarkedUtf16)
  const head = asciiDecoder.decode(bytes.subarray(0, xmlDeclarationBytesMax))
  const declared = xmlDeclaration.exec(head)?.groups?.["encoding"] ?? "utf-8"
  const encoding = detected ?? named(declared, bytes)
  if (detected === undefined && encoding.startsWith("utf-16")) {
    return refuse("encoding", "", `expected ${encoding} as declared, found a declaration in ASCII`)
  }
  const text = decodeAs(encoding, bytes)
  checkDeclared(text, encoding)
  return text
}
