import { gzipSync } from "node:zlib"
import { isJsonList, isJsonObject, JsonNumber, parseJson } from "@loan-engine/adapters-http/message/json"
import type { JsonObject, JsonValue } from "@loan-engine/adapters-http/message/json"
import { offerDecimals } from "@loan-engine/domain/offer"
import { Result } from "effect"
import type { Dialect, Spoken } from "./dialect.ts"
import { isAmbiguous, rewriting, singleBytes, textOf, utf16, utf8, withComma, withGroups } from "./dialect.ts"

function written(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.source
  if (isJsonList(value)) return `[${value.map(written).join(",")}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${written(member)}`)
    .join(",")}}`
}

/** Rewrites the document as a value. A text that is not JSON is unchanged. */
const revaluing =
  (revalue: (body: JsonValue) => JsonValue) =>
  (message: Spoken): Spoken => {
    const body = Result.getOrUndefined(parseJson(message.bytes))
    return body === undefined ? message : { ...message, bytes: utf8(written(revalue(body))) }
  }

type Change = (value: JsonValue) => JsonValue

/** Changes every member with these names, at any depth. */
const members = (names: ReadonlyArray<string>, change: Change): Dialect["speak"] => {
  const visit: Change = (value) => {
    if (isJsonList(value)) return value.map(visit)
    if (!isJsonObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const isOurs = names.includes(name) && !isJsonObject(member)
        return [name, isOurs ? change(member) : visit(member)]
      }),
    )
  }
  return revaluing(visit)
}

const decimals: ReadonlyArray<string> = [...offerDecimals]
const number =
  (write: (source: string) => JsonValue): Change =>
  (value) =>
    value instanceof JsonNumber ? write(value.source) : value

const lowerCase: Change = (value) => (typeof value === "string" ? value.toLowerCase() : value)
const isOne = (value: JsonValue): value is readonly [JsonValue] => isJsonList(value) && value.length === 1

/** Puts something else in the place of the event's decision, by its plain members. */
function decisions(
  place: (plain: JsonObject & { readonly creditDecision: JsonValue }) => JsonObject,
): Dialect["speak"] {
  return revaluing((body) => {
    const event = isJsonObject(body) ? body["externalApplicationEvent"] : undefined
    if (!isJsonObject(body) || !isJsonObject(event)) return body
    const decision = event["creditDecision"]
    const word = isJsonObject(decision) ? decision["creditDecision"] : undefined
    if (!isJsonObject(decision) || typeof word !== "string") return body
    return {
      ...body,
      externalApplicationEvent: { ...event, ...place({ ...decision, creditDecision: word }) },
    }
  })
}

/** The event's decision as a word, with its offer beside it. */
const flat = decisions((members) => members)

/** Puts something else in the place of the event. */
const event = (place: (event: JsonObject) => JsonValue): Dialect["speak"] =>
  revaluing((body) => {
    const own = isJsonObject(body) ? body["externalApplicationEvent"] : undefined
    return isJsonObject(body) && isJsonObject(own) ? { ...body, externalApplicationEvent: place(own) } : body
  })

/** Writes the names of all members otherwise. */
function renaming(rename: (name: string) => string): Dialect["speak"] {
  const visit: Change = (value) => {
    if (isJsonList(value)) return value.map(visit)
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), visit(member)]))
  }
  return revaluing(visit)
}

/** Writes something in front of the first member of the body; nothing where it has none. */
function inFront(text: string, written: string): string {
  const [begin] = /^[\s[]*\{(?=\s*")/u.exec(text) ?? []
  return begin === undefined ? text : begin + written + text.slice(begin.length)
}

/** Says something else in the place of the signature, or of `null` where there is none. */
const signature = (change: Change): Dialect["speak"] =>
  revaluing((body) =>
    isJsonObject(body) && isJsonObject(body["externalApplicationEvent"])
      ? { ...body, jwsData: change(body["jwsData"] ?? null) }
      : body,
  )

const withNulls: Change = (value) => {
  if (isJsonList(value)) return [...value.map(withNulls), null]
  if (!isJsonObject(value)) return value
  const own = Object.entries(value).map(([name, member]) => [name, withNulls(member)] as const)
  return { ...Object.fromEntries(own), remark: null }
}

const typeOf = ({ contentType }: Spoken): string => contentType.split(";", 1)[0] ?? contentType

const withMember = (name: string, value: JsonValue) =>
  revaluing((body) => (isJsonObject(body) ? { [name]: value, ...body } : body))

type Row = readonly [
  name: string,
  layer: Dialect["layer"],
  what: string,
  speak: Dialect["speak"],
  costs?: Dialect["costs"] | Dialect["costsAt"],
]

const rows: ReadonlyArray<Row> = [
  [
    "amounts-as-text",
    "values",
    'Amounts as text: `"8.02"`.',
    members(
      [...decimals, "tenor"],
      number((source) => source),
    ),
    isAmbiguous,
  ],
  [
    "decimal-comma",
    "values",
    'Amounts with a decimal comma: `"8,02"`.',
    members(decimals, number(withComma)),
    isAmbiguous,
  ],
  [
    "grouped-amounts",
    "values",
    'Amounts in groups of three: `"10 000,50"`.',
    members(decimals, number(withGroups)),
    isAmbiguous,
  ],
  [
    "amounts-with-currency",
    "values",
    'Amounts with a currency: `"10000 SEK"`.',
    members(
      ["approvedAmount"],
      number((source) => `${source} SEK`),
    ),
    ["approvedAmount"],
  ],
  [
    "no-amount",
    "values",
    'A phrase for an amount: `"N/A"`.',
    members(["interest"], () => "N/A"),
    ["interest"],
  ],
  [
    "empty-amount",
    "values",
    "An empty text for an amount.",
    members(["monthlyCost"], () => ""),
    ["monthlyCost"],
  ],
  [
    "endless-amount",
    "values",
    "An amount past every number: `1e31`.",
    members(["adminFee"], () => new JsonNumber("1e31")),
    ["adminFee"],
  ],
  [
    "negative-amount",
    "values",
    "An amount that is impossible: `-5000`.",
    members(["approvedAmount"], () => new JsonNumber("-5000")),
    ["approvedAmount"],
  ],
  [
    "half-months",
    "values",
    "A tenor that is no whole number: `72.5`.",
    members(["tenor"], () => new JsonNumber("72.5")),
    ["tenor"],
  ],
  [
    "documents-as-text",
    "values",
    'One document as text: `"ID"`.',
    members(["documentTypes", "requiredDocuments"], (value) => (isOne(value) ? value[0] : value)),
  ],
  [
    "documents-null",
    "values",
    "Required documents that are `null`.",
    members(["requiredDocuments"], () => null),
    ["requiredDocuments"],
  ],
  [
    "lower-case",
    "values",
    "Events and decisions in lower case.",
    members(["applicationEventType", "creditDecision"], lowerCase),
  ],
  ["flat-decision", "values", "The decision as text, its offer beside it.", flat],
  [
    "offer-beside",
    "values",
    "The offer beside the decision's object.",
    decisions(({ creditDecision, ...offer }) => ({ ...offer, creditDecision: { creditDecision } })),
  ],
  [
    "offer-within",
    "values",
    "The offer in an object within the decision's.",
    decisions(({ creditDecision, ...offer }) => ({ creditDecision: { creditDecision, offer } })),
  ],
  [
    "listed-offers",
    "values",
    "The same offer twice, in a list within the decision.",
    decisions(({ creditDecision, ...offer }) => ({
      creditDecision: { creditDecision, offers: [offer, offer] },
    })),
  ],
  [
    "number-for-reference",
    "values",
    "A reference of digits as a number.",
    members(["applicationReference"], (value) =>
      typeof value === "string" && /^[1-9][0-9]*$/u.test(value) ? new JsonNumber(value) : value,
    ),
  ],
  [
    "other-case",
    "values",
    "Names of members that begin with a capital.",
    renaming((name) => name.replace(/^./u, (letter) => letter.toUpperCase())),
  ],
  [
    "snake-case",
    "values",
    "Names of members with underscores.",
    renaming((name) => name.replace(/(?<=[a-z])[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)),
  ],
  ["event-as-text", "values", "The event as JSON text.", event((own) => written(own))],
  ["event-within", "values", "The event in another object.", event((own) => ({ event: own }))],
  ["body-as-text", "values", "The body as JSON text.", revaluing((body) => written(body))],
  ["null-members", "values", "`null` for members that are not there, and in lists.", revaluing(withNulls)],
  [
    "spaced-signature",
    "values",
    "White space around the signature, or in the place of one.",
    signature((jws) => (typeof jws === "string" ? ` ${jws}\n` : (jws ?? "  "))),
  ],
  [
    "listed-signature",
    "values",
    "The signature in a list, or `null` in the place of one.",
    signature((jws) => (jws === null ? null : [jws])),
  ],
  ["unknown-members", "values", "Members that nobody knows.", withMember("traceId", "7f3a")],
  ["wrapped", "values", "Another object around the body.", revaluing((body) => ({ body }))],
  ["listed", "values", "A list around the body.", revaluing((body) => [body])],
  [
    "indented",
    "text",
    "White space between all tokens.",
    rewriting((text) => text.replace(/([{[,])(?=["{[])/gu, "$1\r\n\t")),
  ],
  [
    "comma-too-many",
    "text",
    "A comma behind the last member.",
    rewriting((text) => text.replace(/\}(?=[\s\]]*$)/u, ",}")),
  ],
  [
    "no-numbers",
    "text",
    "Numbers that JSON has none of, in members that nobody knows.",
    rewriting((text) => inFront(text, '"risk":NaN,"score":+5,"ratio":08.02,')),
  ],
  [
    "raw-text",
    "text",
    "Line ends and unknown escapes in a text that nobody asked for.",
    rewriting((text) => inFront(text, '"remark":"\t1\r\n\\x41",')),
  ],
  [
    "deep-member",
    "text",
    "A member that nobody knows, and that nests deeper than is read.",
    rewriting((text) => inFront(text, `"trace":${"[".repeat(40)}${"]".repeat(40)},`)),
  ],
  ["blank-lines", "text", "Blank lines in front.", rewriting((text) => `\r\n\n${text}`)],
  ["trailing-nul", "text", "NULs and line ends behind.", rewriting((text) => `${text}\0\0\r\n`)],
  ["byte-order-mark", "bytes", "A byte order mark.", rewriting((text) => `\uFEFF${text}`)],
  [
    "utf-16",
    "bytes",
    "UTF-16, with a byte order mark.",
    (message) => ({ ...message, bytes: utf16(textOf(message), true) }),
  ],
  [
    "latin-1",
    "bytes",
    "A name in Latin-1 that nobody asked for.",
    (message) => ({
      ...message,
      bytes: utf8(inFront(textOf(message), '"name":"\u0001sa",')).map((byte) => (byte === 1 ? 0xc5 : byte)),
    }),
  ],
  [
    "iso-8859-1",
    "bytes",
    "ISO-8859-1, as its charset says.",
    (message) => ({
      ...message,
      bytes: singleBytes(
        textOf(message).replace(/[^\0-\u00ff]/gu, (sign) => JSON.stringify(sign).slice(1, -1)),
      ),
      contentType: `${typeOf(message)}; charset=ISO-8859-1`,
    }),
  ],
  [
    "other-type",
    "label",
    "Another name for JSON.",
    (message) => ({
      ...message,
      contentType: message.contentType.replace(/^[^;]*/u, "Application/vnd.bank+json"),
    }),
  ],
  [
    "no-type",
    "label",
    "The name of no content.",
    (message) => ({
      ...message,
      contentType: message.contentType.replace(/^[^;]*/u, "application/octet-stream"),
    }),
  ],
  [
    "stale-charset",
    "label",
    "A charset that the bytes are not in.",
    (message) =>
      message.contentType.includes("charset")
        ? message
        : { ...message, contentType: `${message.contentType}; charset="UTF-16"` },
  ],
  [
    "gzip",
    "wrapping",
    "A packed body.",
    (message) => ({ ...message, bytes: gzipSync(message.bytes), contentEncoding: "gzip" }),
  ],
]

/** Every way of saying a callback. */
export const jsonDialects: ReadonlyArray<Dialect> = rows.map(([name, layer, what, speak, costs = []]) => ({
  name,
  what,
  language: "json",
  layer,
  costs: typeof costs === "function" ? [] : costs,
  costsAt: typeof costs === "function" ? costs : undefined,
  isLast: name === "trailing-nul",
  speak,
}))
