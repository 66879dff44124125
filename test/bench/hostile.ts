import { decodeCallback } from "@loan-engine/adapters-http/message/message"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import type { Figure } from "./figure.ts"
import { median } from "./figure.ts"

/** A document of about `length` characters that is made to be slow to read. */
type Family = (length: number) => string

const repeated =
  (before: string, part: string, after: string): Family =>
  (length) =>
    before + part.repeat(Math.ceil(length / part.length)) + after

const numbered =
  (before: string, part: (index: number) => string, separator: string, after: string): Family =>
  (length) =>
    before +
    Array.from({ length: Math.ceil(length / part(9_999).length) }, (_, index) => part(index)).join(
      separator,
    ) +
    after

/**
 * Documents that an attacker sends to waste the engine's time: the reader must look for an end that is far away or
 * missing.
 */
const xmlFamilies: Readonly<Record<string, Family>> = {
  references: repeated("<a>", "&amp;&#65;", "</a>"),
  "ampersands at the end": repeated("<a>", "x".repeat(99), "&</a>"),
  "brackets in text": repeated("<a>", "]", "</a>"),
  "brackets in CDATA": repeated("<a><![CDATA[", "]", "]]></a>"),
  "an unfinished CDATA section": repeated("<a><![CDATA[", "]]", "</a>"),
  "dashes in a comment": repeated("<a><!--", "- ", "--></a>"),
  "an unfinished comment": repeated("<a><!--", " -", "</a>"),
  "an unfinished instruction": repeated("<a><?x ", "? ", "</a>"),
  "space in a tag": repeated("<a", " ", "b></a>"),
  "space in an end tag": repeated("<a></a", " ", "b>"),
  "space in text": repeated("<a>", " \n", "</a>"),
  "a long name": repeated("<", "a", "/>"),
  "a long attribute": repeated('<a b="', "'", '"/>'),
  "an unfinished attribute": repeated('<a b="', "'", ""),
  "elements of much text": repeated("<a>", `<b>${"x".repeat(200)}</b>`, "</a>"),
  "elements of many attributes": repeated(
    "<a>",
    `<b ${Array.from({ length: 60 }, (_, n) => `c${n}="1"`).join(" ")}/>`,
    "</a>",
  ),
  "nesting, again and again": repeated("<a>", "<b>".repeat(30) + "x".repeat(400) + "</b>".repeat(30), "</a>"),
}

const event = (members: string): string =>
  `{"externalApplicationEvent":{"applicationReference":"a","applicationEventType":"SIGNED",${members}}}`
const within = (family: Family): Family => {
  const [before = "", after = ""] = event("\u0000").split("\u0000")
  return (length) => before + family(length) + after
}

const [beforeName = "", afterName = ""] = event('"x":1').split("SIGNED")
const eventNamed = { before: `${beforeName}SIG`, after: `NED${afterName}` }

const jsonFamilies: Readonly<Record<string, Family>> = {
  "escapes in a string": within(repeated('"x":"', "\\u0061", '"')),
  "backslashes in a string": within(repeated('"x":"', "\\\\", '"')),
  "an unfinished string": repeated('{"x":"', "\\\\", ""),
  "a long number": within(repeated('"tenor":1', "0", "")),
  "a long exponent": within(repeated('"tenor":1e', "9", "")),
  "a long fraction": within(repeated('"tenor":0.', "9", "")),
  "many members": within(numbered("", (index) => `"m${index}":1`, ",", "")),
  "many members named by escapes": within(numbered("", (index) => `"\\u006d${index}":1`, ",", "")),
  "a member twice, at the end": within(numbered("", (index) => `"m${index}":1`, ",", ',"m0":1')),
  "many items": within(repeated('"x":[1', ",1", "]")),
  "many short lists": within(repeated('"x":[0', ",[[[]]]", "]")),
  "many short strings": within(repeated('"x":["a"', ',"a"', "]")),
  "space behind a name": within(repeated('"x"', " ", ":1")),
  "space behind many strings": within(repeated('"x":["a"', ',"a"        ', "]")),
  "space and nothing": repeated("", " ", ""),
  brackets: repeated("", "[", ""),
  // The engine reads values at any depth and in any wrapper. So an attacker can hide slow texts in every value.
  "blanks within an amount": within(repeated('"approvedAmount":"1', " \u00A0", '2"')),
  "an amount's groups": within(repeated('"approvedAmount":"1', " 000", '"')),
  "blanks within a word": repeated(eventNamed.before, " \u00A0", eventNamed.after),
  "a word of many parts": within(repeated('"signedWithMethod":"E', "_E", '"')),
  "blanks around a reference": within(repeated('"applicationReference":"', " \u00A0", 'a b"')),
  "documents in one text": within(repeated('"documentTypes":"ID', " , ID", '"')),
  "documents of many blanks": within(repeated('"documentTypes":["ID', " \u00A0", 'x"]')),
  "an underlined name": within(repeated('"', "_", 'tenor":1')),
  "objects under one name": within(repeated('"x":{}', ',"x":{"b":1},"x":{}', "")),
  "a member that runs on": within(repeated('"tenor":1', " , 2", "")),
  "text that could be JSON": within(repeated('"externalApplicationEvent":"', "{ ", '"')),
  "many that could be the event": repeated("[", "{},", `${event('"x":1')}]`),
}

const answered = (members: Family): Family => {
  const [before, after] = [
    "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>a</applicationReference>",
    "</applicationQuoteResult></getApplicationQuoteResponse>",
  ]
  return (length) => before + members(length) + after
}

const soapFamilies: Readonly<Record<string, Family>> = {
  "blanks within an amount": answered(repeated("<approvedAmount>1", " \u00A0", "2</approvedAmount>")),
  "an amount's groups": answered(repeated("<approvedAmount>1", " 000", "</approvedAmount>")),
  "blanks within a decision": answered(repeated("<decision>APP", " \u00A0", "ROVED</decision>")),
  "a decision said often": answered(repeated("", "<decision> APPROVED</decision>", "")),
  "documents, one each": answered(repeated("", "<documentTypes>ID</documentTypes>", "")),
  "documents in one text": answered(repeated("<documentTypes>ID", " , ID", "</documentTypes>")),
  "wrappers side by side": answered(repeated("", "<result><x/></result>", "")),
  "wrappers within each other": answered(
    repeated("", "<return><result><data><x/></data></result></return>", ""),
  ),
}

const bytesMin = 32_768
const timesLarger = 16
const repetitions = 5

/**
 * The shortest of several times, in microseconds for each kilobyte. Other work on the machine can only make a time
 * longer.
 */
function perKilobyte(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const begun = performance.now()
    decode(bytes)
    least = Math.min(least, performance.now() - begun)
  }
  return (least * 1_000) / (bytes.length / 1_024)
}

interface Growth {
  readonly family: string
  /** Microseconds for each kilobyte, for the smallest and for the largest document. */
  readonly small: number
  readonly large: number
}

/**
 * The times for each kilobyte, over sizes that double. If the total time is proportional to the size, they are all
 * equal.
 */
function growthOf(
  family: string,
  make: Family,
  decode: (bytes: Uint8Array) => unknown,
  rounds: number,
): Growth {
  const [small = [], large = []] = [1, timesLarger].map((times) => {
    const bytes = new TextEncoder().encode(make(bytesMin * times))
    decode(bytes)
    return Array.from({ length: rounds }, () => perKilobyte(decode, bytes))
  })
  return { family, small: median(small), large: median(large) }
}

/**
 * The share of the small document's speed that the large document still has. It is 1 if the time is proportional to
 * the size, and 1/16 if the time is proportional to the size's square.
 */
const speedLeftMin = 0.5
/** Below this time, the cost of the call itself is larger than that of the document. */
const perKilobyteMin = 0.05

function judge(
  language: string,
  families: Readonly<Record<string, Family>>,
  decode: (bytes: Uint8Array) => unknown,
  rounds: number,
): ReadonlyArray<Figure> {
  const growths = Object.entries(families).map(([family, make]) => growthOf(family, make, decode, rounds))
  const steepest = growths.toSorted((a, b) => speedLeft(a) - speedLeft(b))[0]
  const slowest = growths.toSorted((a, b) => b.large - a.large)[0]
  if (steepest === undefined || slowest === undefined) return []
  return [
    figureOf(`hostile_${language}_growth`, `whose time grows most of ${growths.length}`, steepest),
    figureOf(`hostile_${language}_worst`, `that takes longest of ${growths.length}`, slowest),
  ]
}

const speedLeft = ({ small, large }: Growth): number =>
  Math.max(small, perKilobyteMin) / Math.max(large, perKilobyteMin)

const figureOf = (name: string, which: string, growth: Growth): Figure => ({
  name,
  what:
    `the hostile document ${which}, ${growth.family}: its speed at ${(bytesMin * timesLarger) / 1_024} kB ` +
    `(${growth.large.toFixed(1)} µs/kB) against ${bytesMin / 1_024} kB`,
  ratio: speedLeft(growth),
  goal: speedLeftMin,
  ours: 1_000_000 / growth.large,
  floor: 1_000_000 / growth.small,
  unit: "kB/s",
})

/** How long hostile documents take for each kilobyte, and whether that grows with their size. */
export const hostileFigures = async (rounds: number): Promise<ReadonlyArray<Figure>> => [
  ...judge("xml", xmlFamilies, (bytes) => parseXml(bytes), rounds),
  ...judge("json", jsonFamilies, decodeCallback, rounds),
  ...judge("soap", soapFamilies, (bytes) => getApplicationQuoteResponse.decode(bytes), rounds),
]
