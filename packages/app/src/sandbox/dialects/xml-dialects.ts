import type { XmlElement } from "@loan-engine/adapters-xml/xml/element"
import { parentElement, textElement } from "@loan-engine/adapters-xml/xml/element"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import { writeXml } from "@loan-engine/adapters-xml/xml/writer"
import { offerDecimals } from "@loan-engine/domain/offer"
import { Result } from "effect"
import type { Dialect, Spoken } from "./dialect.ts"
import { rewriting, singleBytes, textOf, utf16, utf8, withComma, withGroups } from "./dialect.ts"

/** Rewrites the document as a tree. A text that is not XML is unchanged. */
const rebuilding =
  (rebuild: (root: XmlElement) => XmlElement) =>
  (message: Spoken): Spoken => {
    const root = Result.getOrUndefined(parseXml(message.bytes, { contentType: message.contentType }))
    const text = root === undefined ? undefined : Result.getOrUndefined(writeXml(rebuild(root)))
    return text === undefined ? message : { ...message, bytes: utf8(text) }
  }

/** Changes every element with these names, at any depth. */
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

/** Writes a plain decimal in another notation. Any other text is unchanged. */
const plainly = (write: (decimal: string) => string) => (text: string) =>
  /^[0-9]+(?:\.[0-9]+)?$/u.test(text) ? write(text) : text

const decimals: ReadonlyArray<string> = [...offerDecimals]
const levels = ["waitingForAddition", "paidOut"]
const responses = [
  "getApplicationStatusResponse",
  "getApplicationQuoteResponse",
  "submitApplicationExtResponse",
]

/** The members of a result in other places. */
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

/** Some members of a status one level deeper. */
const onTwoLevels = elements(responses, (element) => {
  const isInner = ({ name }: XmlElement): boolean => name === "paidOut" || name === "signedWithMethod"
  const inner = element.children.filter(isInner)
  const others = element.children.filter((child) => !isInner(child))
  return inner.length === 0 ? element : { ...element, children: [...others, parentElement("details", inner)] }
})

/** Next to a member, a different element with the same name. */
const besideForeign = elements(responses, (element) => {
  const isPaidOut = element.children.some(({ name }) => name === "paidOut")
  const foreign = { ...textElement("paidOut", "unknown"), namespace: "urn:another" }
  return isPaidOut ? { ...element, children: [foreign, ...element.children] } : element
})

/** The members of a response without the `…Result` around them. */
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

/** Everything beyond ASCII as a reference, which any encoding can contain, and one direct letter. */
const inSingleBytes =
  (encoding: string) =>
  (message: Spoken): Spoken => {
    const text = textOf(message).replace(/[^\0-\u007f]/gu, (character) => `&#${character.codePointAt(0)};`)
    return {
      bytes: singleBytes(declared(encoding, `<!-- \u00E5 -->${text.trimStart().replace(declaration, "")}`)),
      contentType: message.contentType.replace(/;\s*charset=[^;]*/iu, ""),
    }
  }

/** A name in Latin-1 in a document with another encoding, as from a database with two encodings. */
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
  ["decimal-comma", "values", "Amounts with a decimal comma: `8,02`.", texts(decimals, plainly(withComma))],
  [
    "grouped-amounts",
    "values",
    "Amounts in groups of three: `10 000,50`.",
    texts(decimals, plainly(withGroups)),
  ],
  ["no-amount", "values", "A phrase for an amount: `N/A`.", texts(["interest"], () => "N/A"), ["interest"]],
  [
    "empty-amount",
    "values",
    "An empty element for an amount.",
    texts(["monthlyCost"], () => ""),
    ["monthlyCost"],
  ],
  [
    "negative-amount",
    "values",
    "An amount that is impossible: `-5000`.",
    texts(["approvedAmount"], () => "-5000"),
    ["approvedAmount"],
  ],
  [
    "half-months",
    "values",
    "A tenor that is no whole number: `72.5`.",
    texts(["tenor"], () => "72.5"),
    ["tenor"],
  ],
  ["lower-case", "values", "Decisions in lower case.", texts(["decision"], (text) => text.toLowerCase())],
  [
    "booleans-as-digits",
    "values",
    "`1` and `0` for true and false.",
    texts(levels, (text) => (text === "true" ? "1" : text === "false" ? "0" : text)),
  ],
  ["booleans-in-upper-case", "values", "`TRUE` and `FALSE`.", texts(levels, (text) => text.toUpperCase())],
  ["repeated-decision", "values", "The same decision twice.", repeated],
  ["repeated-reference", "values", "The same reference twice.", repeatedReference],
  ["other-case", "values", "Names of members in another case.", inPascalCase],
  ["two-levels", "values", "Members of a status on two levels.", onTwoLevels],
  [
    "foreign-member",
    "values",
    "An element of another namespace that is called like a member.",
    besideForeign,
  ],
  ["offer-within", "values", "The offer in an element of its own.", offerWithin],
  ["without-result", "values", "Members that stand directly in the response.", unwrap],
  ["another-wrapper", "values", "Another element around the members.", wrap],
  [
    "cdata",
    "values",
    "Values in CDATA.",
    elements([...levels, "decision"], (element) => ({ ...element, cdata: true })),
  ],
  [
    "comments",
    "text",
    "A comment in front of the document's end.",
    rewriting((text) => `${text}\n<!-- node 3 -->`),
  ],
  ["blank-lines", "text", "Blank lines before the declaration.", rewriting((text) => `\r\n\n${text}`)],
  ["trailing-nul", "text", "NULs and line ends behind.", rewriting((text) => `${text}\0\r\n`)],
  [
    "soap-1.2",
    "text",
    "An envelope and a content type of SOAP 1.2.",
    (message) => ({
      ...rewriting((text) => text.replaceAll(soap11, soap12))(message),
      contentType: message.contentType.replace("text/xml", "application/soap+xml"),
    }),
  ],
  ["byte-order-mark", "bytes", "A byte order mark.", rewriting((text) => `\uFEFF${text}`)],
  [
    "utf-16",
    "bytes",
    "UTF-16, declared and marked.",
    (message) => ({
      bytes: utf16(declared("UTF-16", textOf(message)), false),
      contentType: message.contentType.replace(/;\s*charset=[^;]*/iu, ""),
    }),
  ],
  [
    "stale-declaration",
    "bytes",
    "A declaration of UTF-16 in a document that is UTF-8.",
    rewriting((text) => declared("utf-16", text)),
  ],
  ["stray-byte", "bytes", "A byte that is no UTF-8, where nothing is said.", withStrayByte],
  ["latin-1", "bytes", "ISO-8859-1 by another of its labels.", inSingleBytes("latin-1")],
  ["windows-1252", "bytes", "windows-1252, as declared.", inSingleBytes("windows-1252")],
  ["iso-8859-1", "bytes", "ISO-8859-1, as declared.", inSingleBytes("ISO-8859-1")],
  [
    "stale-charset",
    "label",
    "A charset of UTF-16 on a document that is not in it.",
    (message) => ({
      ...message,
      contentType: `${message.contentType.replace(/;\s*charset=[^;]*/iu, "")}; charset=utf-16`,
    }),
  ],
  [
    "plain-multipart",
    "wrapping",
    "`multipart/related` that does not say where it starts, and has another part.",
    inPlainMultipart,
  ],
  ["multipart", "wrapping", "`multipart/related`, as MTOM and SOAP with attachments send it.", inMultipart],
]

/** Every way of saying a SOAP answer. */
export const xmlDialects: ReadonlyArray<Dialect> = rows.map(([name, layer, what, speak, costs = []]) => ({
  name,
  what,
  language: "xml",
  layer,
  costs,
  isLast: name === "trailing-nul",
  speak,
}))
