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

/** Changes the parsed document. A text that is not JSON stays unchanged. */
const revaluing =
  (revalue: (body: JsonValue) => JsonValue) =>
  (message: Spoken): Spoken => {
    const body = Result.getOrUndefined(parseJson(message.bytes))
    return body === undefined ? message : { ...message, bytes: utf8(written(revalue(body))) }
  }

type Change = (value: JsonValue) => JsonValue

/** Changes every member that has one of these names, at any depth. */
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

/** Replaces the event's decision. `place` receives the decision's members and gives the new members. */
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

/** Writes the decision as text, with the members of its offer beside it. */
const flat = decisions((members) => members)

/** Replaces the event. */
const event = (place: (event: JsonObject) => JsonValue): Dialect["speak"] =>
  revaluing((body) => {
    const own = isJsonObject(body) ? body["externalApplicationEvent"] : undefined
    return isJsonObject(body) && isJsonObject(own) ? { ...body, externalApplicationEvent: place(own) } : body
  })

/** Renames all members, at any depth. */
function renaming(rename: (name: string) => string): Dialect["speak"] {
  const visit: Change = (value) => {
    if (isJsonList(value)) return value.map(visit)
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), visit(member)]))
  }
  return revaluing(visit)
}

/** Inserts a text before the first member of the body. A body without members stays unchanged. */
function inFront(text: string, written: string): string {
  const [begin] = /^[\s[]*\{(?=\s*")/u.exec(text) ?? []
  return begin === undefined ? text : begin + written + text.slice(begin.length)
}

/** Replaces the signature. `change` receives `null` if there is no signature. */
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
    'Amounts are text: `"8.02"`.',
    members(
      [...decimals, "tenor"],
      number((source) => source),
    ),
    isAmbiguous,
  ],
  [
    "decimal-comma",
    "values",
    'Amounts have a decimal comma: `"8,02"`.',
    members(decimals, number(withComma)),
    isAmbiguous,
  ],
  [
    "grouped-amounts",
    "values",
    'Amounts have their digits in groups of three: `"10 000,50"`.',
    members(decimals, number(withGroups)),
    isAmbiguous,
  ],
  [
    "amounts-with-currency",
    "values",
    'An amount has a currency: `"10000 SEK"`.',
    members(
      ["approvedAmount"],
      number((source) => `${source} SEK`),
    ),
    ["approvedAmount"],
  ],
  [
    "no-amount",
    "values",
    'An amount is a text without a number: `"N/A"`.',
    members(["interest"], () => "N/A"),
    ["interest"],
  ],
  [
    "empty-amount",
    "values",
    "An amount is an empty text.",
    members(["monthlyCost"], () => ""),
    ["monthlyCost"],
  ],
  [
    "endless-amount",
    "values",
    "An amount is larger than the engine reads: `1e31`.",
    members(["adminFee"], () => new JsonNumber("1e31")),
    ["adminFee"],
  ],
  [
    "negative-amount",
    "values",
    "An amount is negative: `-5000`.",
    members(["approvedAmount"], () => new JsonNumber("-5000")),
    ["approvedAmount"],
  ],
  [
    "half-months",
    "values",
    "A tenor is not a whole number: `72.5`.",
    members(["tenor"], () => new JsonNumber("72.5")),
    ["tenor"],
  ],
  [
    "documents-as-text",
    "values",
    'A single document is a text instead of a list: `"ID"`.',
    members(["documentTypes", "requiredDocuments"], (value) => (isOne(value) ? value[0] : value)),
  ],
  [
    "documents-null",
    "values",
    "The list of required documents is `null`.",
    members(["requiredDocuments"], () => null),
    ["requiredDocuments"],
  ],
  [
    "lower-case",
    "values",
    "Events and decisions are in lower case.",
    members(["applicationEventType", "creditDecision"], lowerCase),
  ],
  ["flat-decision", "values", "The decision is a text, and the offer is beside it.", flat],
  [
    "offer-beside",
    "values",
    "The offer is beside the decision's object.",
    decisions(({ creditDecision, ...offer }) => ({ ...offer, creditDecision: { creditDecision } })),
  ],
  [
    "offer-within",
    "values",
    "The offer is an object inside the decision's object.",
    decisions(({ creditDecision, ...offer }) => ({ creditDecision: { creditDecision, offer } })),
  ],
  [
    "listed-offers",
    "values",
    "The decision's object has a list that contains the same offer twice.",
    decisions(({ creditDecision, ...offer }) => ({
      creditDecision: { creditDecision, offers: [offer, offer] },
    })),
  ],
  [
    "number-for-reference",
    "values",
    "A reference of digits only is a number instead of a text.",
    members(["applicationReference"], (value) =>
      typeof value === "string" && /^[1-9][0-9]*$/u.test(value) ? new JsonNumber(value) : value,
    ),
  ],
  [
    "other-case",
    "values",
    "Member names begin with a capital letter.",
    renaming((name) => name.replace(/^./u, (letter) => letter.toUpperCase())),
  ],
  [
    "snake-case",
    "values",
    "Member names have underscores.",
    renaming((name) => name.replace(/(?<=[a-z])[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)),
  ],
  ["event-as-text", "values", "The event is a text that contains JSON.", event((own) => written(own))],
  ["event-within", "values", "The event is inside another object.", event((own) => ({ event: own }))],
  ["body-as-text", "values", "The body is a text that contains JSON.", revaluing((body) => written(body))],
  ["null-members", "values", "Absent members are `null`, and lists contain `null`.", revaluing(withNulls)],
  [
    "spaced-signature",
    "values",
    "The signature has white space around it, or is only white space.",
    signature((jws) => (typeof jws === "string" ? ` ${jws}\n` : (jws ?? "  "))),
  ],
  [
    "listed-signature",
    "values",
    "The signature is in a list, or is `null`.",
    signature((jws) => (jws === null ? null : [jws])),
  ],
  ["unknown-members", "values", "The body has an unknown member.", withMember("traceId", "7f3a")],
  ["wrapped", "values", "The body is inside another object.", revaluing((body) => ({ body }))],
  ["listed", "values", "The body is inside a list.", revaluing((body) => [body])],
  [
    "indented",
    "text",
    "White space is between the tokens.",
    rewriting((text) => text.replace(/([{[,])(?=["{[])/gu, "$1\r\n\t")),
  ],
  [
    "comma-too-many",
    "text",
    "A comma follows the last member.",
    rewriting((text) => text.replace(/\}(?=[\s\]]*$)/u, ",}")),
  ],
  [
    "no-numbers",
    "text",
    "Unknown members have numbers that JSON does not allow: `NaN`, `+5`.",
    rewriting((text) => inFront(text, '"risk":NaN,"score":+5,"ratio":08.02,')),
  ],
  [
    "raw-text",
    "text",
    "The text of an unknown member has raw line ends and invalid escapes.",
    rewriting((text) => inFront(text, '"remark":"\t1\r\n\\x41",')),
  ],
  [
    "deep-member",
    "text",
    "An unknown member is nested deeper than the engine reads.",
    rewriting((text) => inFront(text, `"trace":${"[".repeat(40)}${"]".repeat(40)},`)),
  ],
  ["blank-lines", "text", "Blank lines come before the body.", rewriting((text) => `\r\n\n${text}`)],
  [
    "trailing-nul",
    "text",
    "NUL characters and line ends follow the body.",
    rewriting((text) => `${text}\0\0\r\n`),
  ],
  [
    "byte-order-mark",
    "bytes",
    "The body begins with a byte order mark.",
    rewriting((text) => `\uFEFF${text}`),
  ],
  [
    "utf-16",
    "bytes",
    "The body is UTF-16 with a byte order mark.",
    (message) => ({ ...message, bytes: utf16(textOf(message), true) }),
  ],
  [
    "latin-1",
    "bytes",
    "An unknown member has a Latin-1 byte in a UTF-8 body.",
    (message) => ({
      ...message,
      bytes: utf8(inFront(textOf(message), '"name":"\u0001sa",')).map((byte) => (byte === 1 ? 0xc5 : byte)),
    }),
  ],
  [
    "iso-8859-1",
    "bytes",
    "The body is ISO-8859-1, and the charset says so.",
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
    "The Content-Type is another type of JSON: `Application/vnd.bank+json`.",
    (message) => ({
      ...message,
      contentType: message.contentType.replace(/^[^;]*/u, "Application/vnd.bank+json"),
    }),
  ],
  [
    "no-type",
    "label",
    "The Content-Type is `application/octet-stream`.",
    (message) => ({
      ...message,
      contentType: message.contentType.replace(/^[^;]*/u, "application/octet-stream"),
    }),
  ],
  [
    "stale-charset",
    "label",
    "The charset says UTF-16, but the body is not UTF-16.",
    (message) =>
      message.contentType.includes("charset")
        ? message
        : { ...message, contentType: `${message.contentType}; charset="UTF-16"` },
  ],
  [
    "gzip",
    "wrapping",
    "The body is compressed with gzip.",
    (message) => ({ ...message, bytes: gzipSync(message.bytes), contentEncoding: "gzip" }),
  ],
]

/** All dialects of callbacks. */
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
