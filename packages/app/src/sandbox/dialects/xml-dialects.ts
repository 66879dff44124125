import type { XmlElement } from "@loan-engine/adapters-xml/xml/element"
import { parentElement, textElement } from "@loan-engine/adapters-xml/xml/element"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import { writeXml } from "@loan-engine/adapters-xml/xml/writer"
import { offerDecimals } from "@loan-engine/domain/offer"
import { Result } from "effect"
import type { Dialect, Spoken } from "./dialect.ts"
import { rewriting, singleBytes, textOf, utf16, utf8, withComma, withGroups } from "./dialect.ts"

/** Changes the parsed document. A text that is not XML stays unchanged. */
const rebuilding =
  (rebuild: (root: XmlElement) => XmlElement) =>
  (message: Spoken): Spoken => {
    const root = Result.getOrUndefined(parseXml(message.bytes, { contentType: message.contentType }))
    const text = root === undefined ? undefined : Result.getOrUndefined(writeXml(rebuild(root)))
    return text === undefined ? message : { ...message, bytes: utf8(text) }
  }

/** Changes every element that has one of these names, at any depth. */
function elements(
  names: ReadonlyArray<string>,
  change: (element: XmlElement) => XmlElement,
): Dialect["speak"] {
  const visit = (element: XmlElement): XmlElement => {
    const inner = { ...element, children: element.children.map(visit) }
    return names.includes(element.name) ? change(inner) : inner
  }
  return rebuilding(visit)
}

const texts = (names: ReadonlyArray<string>, write: (text: string) => string): Dialect["speak"] =>
  elements(names, (element) => ({ ...element, text: write(element.text) }))

/** Writes a plain decimal in another notation. Any other text stays unchanged. */
const plainly = (write: (decimal: string) => string) => (text: string) =>
  /^[0-9]+(?:\.[0-9]+)?$/u.test(text) ? write(text) : text

const decimals: ReadonlyArray<string> = [...offerDecimals]
const levels = ["waitingForAddition", "paidOut"]
const responses = [
  "getApplicationStatusResponse",
  "getApplicationQuoteResponse",
  "submitApplicationExtResponse",
]

/** Puts the members of a result in other places. */
const placed = (
  place: (children: ReadonlyArray<XmlElement>) => ReadonlyArray<XmlElement>,
): Dialect["speak"] =>
  elements(["applicationQuoteResult", "submitApplicationExtResult"], (element) => ({
    ...element,
    children: place(element.children),
  }))
const repeated = placed((children) => [...children, ...children.filter(({ name }) => name === "decision")])
const word: ReadonlySet<string> = new Set(["applicationReference", "decision"])
const offerWithin = placed((children) => [
  ...children.filter(({ name }) => word.has(name)),
  parentElement(
    "offer",
    children.filter(({ name }) => !word.has(name)),
  ),
])

const repeatedReference = placed((children) => [
  ...children,
  ...children
    .filter(({ name }) => name === "applicationReference")
    .map(({ name, text }) => textElement(name, ` ${text}\n`)),
])

const statusMembers = [...levels, "signedWithMethod", "requestedSigningMethod"]
const names = [...statusMembers, ...decimals, "tenor", "documentTypes", ...word]
const inPascalCase = elements(names, (element) => ({
  ...element,
  name: element.name.replace(/^./u, (letter) => letter.toUpperCase()),
}))

/** Moves some members of a status one level deeper. */
const onTwoLevels = elements(responses, (element) => {
  const isInner = ({ name }: XmlElement): boolean => name === "paidOut" || name === "signedWithMethod"
  const inner = element.children.filter(isInner)
  const others = element.children.filter((child) => !isInner(child))
  return inner.length === 0 ? element : { ...element, children: [...others, parentElement("details", inner)] }
})

/** Adds an element of another namespace that has the same name as a member. */
const besideForeign = elements(responses, (element) => {
  const isPaidOut = element.children.some(({ name }) => name === "paidOut")
  const foreign = { ...textElement("paidOut", "unknown"), namespace: "urn:another" }
  return isPaidOut ? { ...element, children: [foreign, ...element.children] } : element
})

/** Removes the element `…Result` around the members of a response. */
const unwrap = elements(responses, (element) => {
  const [only, ...others] = element.children
  const isResult = only !== undefined && others.length === 0 && only.name.endsWith("Result")
  return isResult ? { ...element, children: only.children } : element
})
const wrap = elements(responses, (element) => ({
  ...element,
  children: [parentElement("return", element.children)],
}))

const declaration = /^<\?xml[^>]*\?>\s*/u
const declared = (encoding: string, text: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>\n${text.trimStart().replace(declaration, "")}`

/**
 * Writes each non-ASCII character as a numeric reference, which every encoding can contain. A comment has one letter
 * outside ASCII as a single byte.
 */
const inSingleBytes =
  (encoding: string) =>
  (message: Spoken): Spoken => {
    const text = textOf(message).replace(/[^\0-\u007f]/gu, (character) => `&#${character.codePointAt(0)};`)
    return {
      bytes: singleBytes(declared(encoding, `<!-- \u00E5 -->${text.trimStart().replace(declaration, "")}`)),
      contentType: message.contentType.replace(/;\s*charset=[^;]*/iu, ""),
    }
  }

/**
 * Adds a name in Latin-1 to a document with another encoding. A database with two encodings produces such documents.
 */
const withStrayByte = (message: Spoken): Spoken => {
  const stray = `<!-- L\u0001n -->${textOf(message).trimStart().replace(declaration, "")}`
  return { ...message, bytes: utf8(stray).map((byte) => (byte === 1 ? 0xe5 : byte)) }
}

const soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
const soap12 = "http://www.w3.org/2003/05/soap-envelope"
const boundary = "uuid:0ca0e16e"

const inPlainMultipart = ({ bytes, contentType }: Spoken): Spoken => ({
  bytes: Buffer.concat([
    utf8(`preamble\r\n--${boundary}\r\nContent-Type: ${contentType}\r\n\r\n`),
    bytes,
    utf8(`\r\n--${boundary}\r\nContent-ID: <scan>\r\n\r\n%PDF\r\n--${boundary}-2\r\n--${boundary}--\r\n`),
  ]),
  contentType: `Multipart/Related; start-info="a; boundary=b"; boundary="${boundary}"`,
})

const inMultipart = ({ bytes, contentType }: Spoken): Spoken => ({
  bytes: Buffer.concat([
    utf8(
      `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <root>\r\n\r\n`,
    ),
    bytes,
    utf8(`\r\n--${boundary}--\r\n`),
  ]),
  contentType: `multipart/related; type="application/xop+xml"; start="<root>"; boundary="${boundary}"`,
})

type Row = readonly [
  name: string,
  layer: Dialect["layer"],
  what: string,
  speak: Dialect["speak"],
  costs?: Dialect["costs"],
]

const rows: ReadonlyArray<Row> = [
  ["decimal-comma", "values", "Amounts have a decimal comma: `8,02`.", texts(decimals, plainly(withComma))],
  [
    "grouped-amounts",
    "values",
    "Amounts have their digits in groups of three: `10 000,50`.",
    texts(decimals, plainly(withGroups)),
  ],
  [
    "no-amount",
    "values",
    "An amount is a text without a number: `N/A`.",
    texts(["interest"], () => "N/A"),
    ["interest"],
  ],
  [
    "empty-amount",
    "values",
    "An amount is an empty element.",
    texts(["monthlyCost"], () => ""),
    ["monthlyCost"],
  ],
  [
    "negative-amount",
    "values",
    "An amount is negative: `-5000`.",
    texts(["approvedAmount"], () => "-5000"),
    ["approvedAmount"],
  ],
  [
    "half-months",
    "values",
    "A tenor is not a whole number: `72.5`.",
    texts(["tenor"], () => "72.5"),
    ["tenor"],
  ],
  ["lower-case", "values", "Decisions are in lower case.", texts(["decision"], (text) => text.toLowerCase())],
  [
    "booleans-as-digits",
    "values",
    "True and false are `1` and `0`.",
    texts(levels, (text) => (text === "true" ? "1" : text === "false" ? "0" : text)),
  ],
  [
    "booleans-in-upper-case",
    "values",
    "True and false are `TRUE` and `FALSE`.",
    texts(levels, (text) => text.toUpperCase()),
  ],
  ["repeated-decision", "values", "The answer has the same decision twice.", repeated],
  ["repeated-reference", "values", "The answer has the same reference twice.", repeatedReference],
  ["other-case", "values", "Member names begin with a capital letter.", inPascalCase],
  ["two-levels", "values", "The members of a status are on two levels.", onTwoLevels],
  ["foreign-member", "values", "An element of another namespace has the name of a member.", besideForeign],
  ["offer-within", "values", "The offer has an element of its own.", offerWithin],
  ["without-result", "values", "The members are directly inside the response.", unwrap],
  ["another-wrapper", "values", "The members are inside another element.", wrap],
  [
    "cdata",
    "values",
    "Values are in CDATA.",
    elements([...levels, "decision"], (element) => ({ ...element, cdata: true })),
  ],
  [
    "comments",
    "text",
    "A comment is at the document's end.",
    rewriting((text) => `${text}\n<!-- node 3 -->`),
  ],
  [
    "blank-lines",
    "text",
    "Blank lines come before the XML declaration.",
    rewriting((text) => `\r\n\n${text}`),
  ],
  [
    "trailing-nul",
    "text",
    "NUL characters and line ends follow the document.",
    rewriting((text) => `${text}\0\r\n`),
  ],
  [
    "soap-1.2",
    "text",
    "The envelope and the Content-Type are those of SOAP 1.2.",
    (message) => ({
      ...rewriting((text) => text.replaceAll(soap11, soap12))(message),
      contentType: message.contentType.replace("text/xml", "application/soap+xml"),
    }),
  ],
  [
    "byte-order-mark",
    "bytes",
    "The document begins with a byte order mark.",
    rewriting((text) => `\uFEFF${text}`),
  ],
  [
    "utf-16",
    "bytes",
    "The document is UTF-16, with a declaration and a byte order mark.",
    (message) => ({
      bytes: utf16(declared("UTF-16", textOf(message)), false),
      contentType: message.contentType.replace(/;\s*charset=[^;]*/iu, ""),
    }),
  ],
  [
    "stale-declaration",
    "bytes",
    "The declaration says UTF-16, but the document is UTF-8.",
    rewriting((text) => declared("utf-16", text)),
  ],
  ["stray-byte", "bytes", "A comment has a byte that is not UTF-8.", withStrayByte],
  [
    "latin-1",
    "bytes",
    "The document is ISO-8859-1, and its declaration says `latin-1`.",
    inSingleBytes("latin-1"),
  ],
  [
    "windows-1252",
    "bytes",
    "The document is windows-1252, and its declaration says so.",
    inSingleBytes("windows-1252"),
  ],
  [
    "iso-8859-1",
    "bytes",
    "The document is ISO-8859-1, and its declaration says so.",
    inSingleBytes("ISO-8859-1"),
  ],
  [
    "stale-charset",
    "label",
    "The charset says UTF-16, but the document is not UTF-16.",
    (message) => ({
      ...message,
      contentType: `${message.contentType.replace(/;\s*charset=[^;]*/iu, "")}; charset=utf-16`,
    }),
  ],
  [
    "plain-multipart",
    "wrapping",
    "The answer is `multipart/related` with another part, and does not say which part is first.",
    inPlainMultipart,
  ],
  [
    "multipart",
    "wrapping",
    "The answer is `multipart/related`, as for MTOM and SOAP with attachments.",
    inMultipart,
  ],
]

/** All dialects of SOAP answers. */
export const xmlDialects: ReadonlyArray<Dialect> = rows.map(([name, layer, what, speak, costs = []]) => ({
  name,
  what,
  language: "xml",
  layer,
  costs,
  isLast: name === "trailing-nul",
  speak,
}))
