import { isNetwork } from "../access/source-address.ts"
import type { PathPrefix } from "../base/path-prefix.ts"
import { Option, Predicate, Record, Redacted, Schema } from "effect"

/** How values of one kind are written and read. */
export interface Kind<Value, Written> {
  /** What a value must be, as in "… must be a whole number above 0". Any other value is refused. */
  readonly expected: string
  /** An example, in the form that code or a file uses. */
  readonly example: Written
  /** Whether the value must never be shown. */
  readonly secret: boolean
  /**
   * If true, an empty variable is refused. Otherwise an empty variable means "not set". It is true if somebody could
   * mistake the default for the value that they wanted to set.
   */
  readonly emptyIsWrong?: boolean
  /** The values that code or a file may give. */
  readonly schema: Schema.Constraint
  /** Reads a value that code or a file gives. None if it is not valid. */
  readonly decode: (written: unknown) => Option.Option<Value>
  /** Converts a variable's text to the form that code uses. */
  readonly fromText: (text: string) => unknown
}

interface PlainKind<Written> {
  readonly expected: string
  readonly example: Written
  readonly emptyIsWrong?: boolean
  readonly fromText?: (text: string) => unknown
  readonly schema: Schema.Codec<Written>
}

/** An unknown name in a value is a mistake. The error must not repeat the name, because the value may be secret. */
const strictly = { onExcessProperty: "error" } as const

/** Removes line ends around a value. Files, editors and shells add them, and they are never meant. */
function withoutLineEnds(written: unknown): unknown {
  if (typeof written === "string") return written.replace(/^[\r\n]+|[\r\n]+$/gu, "")
  if (Array.isArray(written)) return written.map(withoutLineEnds)
  return Predicate.isObject(written) ? Record.map({ ...written }, withoutLineEnds) : written
}

const decoder = <Written>(schema: Schema.Codec<Written>) => {
  const decode = Schema.decodeUnknownOption(schema, strictly)
  return (written: unknown): Option.Option<Written> => decode(withoutLineEnds(written))
}

const asItIs = (text: string): unknown => text

const plain = <Written>({
  schema,
  fromText = asItIs,
  ...kind
}: PlainKind<Written>): Kind<Written, Written> => ({
  ...kind,
  schema,
  secret: false,
  decode: decoder(schema),
  fromText,
})

const hidden = <Written>({ schema, fromText = asItIs, ...kind }: PlainKind<Written>) => {
  const decode = decoder(schema)
  const redacted: Kind<Redacted.Redacted<Written>, Written> = {
    ...kind,
    schema,
    secret: true,
    decode: (written) => Option.map(decode(written), (value) => Redacted.make(value)),
    fromText,
  }
  return redacted
}

const numberOf = (text: string): unknown => (/^[+-]?\d+(?:\.\d+)?$/u.test(text.trim()) ? Number(text) : text)

export const listed = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
}

const whole = plain({
  example: 1_000,
  expected: "a whole number above 0",
  schema: Schema.Int.check(Schema.isGreaterThan(0)),
  fromText: numberOf,
})
/** The longest time for a timer. Node runs a timer with a longer time at once. */
export const timerMsMax = 2_147_483_647

const milliseconds = plain({
  example: 1_000,
  expected: `a whole number of milliseconds from 1 to ${timerMsMax}, which is 24 days`,
  schema: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: timerMsMax })),
  fromText: numberOf,
})
const natural = plain({
  example: 30,
  expected: "a whole number, or 0",
  schema: Schema.Natural,
  fromText: numberOf,
})
const percent = plain({
  example: 20,
  expected: "a whole number from 1 to 100",
  schema: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  fromText: numberOf,
})
const factor = plain({
  example: 1,
  expected: "a number above 0",
  schema: Schema.Finite.check(Schema.isGreaterThan(0)),
  fromText: numberOf,
})
const port = plain({
  example: 8_080,
  expected:
    "a port from 0 to 65535 (if a Kubernetes service is called loan-engine, it sets this variable to an address; to prevent " +
    "that, set enableServiceLinks: false in the pod)",
  schema: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 })),
  fromText: numberOf,
})
const flag = plain({
  example: true,
  expected: "true or false",
  schema: Schema.Boolean,
  fromText: (text) => truths[text.trim().toLowerCase()] ?? text,
})
/**
 * One line of text. A line end or another control character in a value is a mistake. It would end a header or a line
 * of the log.
 */
const line = Schema.String.check(Schema.isPattern(/^[^\p{Cc}]+$/u))
/** A value for a header. Blanks around it would be lost in transit, and characters beyond ASCII would be changed. */
const headerValue = Schema.String.check(Schema.isPattern(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/u))

const text = plain({
  example: "text",
  expected: "one line of text that is not empty, without control characters",
  schema: line,
})
const texts = plain({
  example: ["text"],
  expected: "a list of texts, each one line without control characters",
  schema: Schema.Array(line),
  fromText: listed,
})
const url = plain({
  example: "https://bank.example/service",
  expected: "an http or https URL without a user in it",
  schema: Schema.String.check(Schema.makeFilter((given: string) => isHttpUrl(given) && !hasUser(given))),
})
const baseUrl = plain({
  example: "https://bank.example/base",
  expected: "an http or https URL without a user, a query or a fragment in it",
  schema: Schema.String.check(
    Schema.makeFilter((given: string) => isHttpUrl(given) && !hasUser(given) && !/[?#]/u.test(given)),
  ),
})
const triggerPath = plain({
  example: "/{action}/{applicationReference}",
  expected: "a path that begins with / and holds {action} and {applicationReference}, each once",
  schema: Schema.String.check(
    Schema.makeFilter(
      (path: string) =>
        /^\/[!-~]*$/u.test(path) &&
        ["{action}", "{applicationReference}"].every((part) => path.split(part).length === 2),
    ),
  ),
})
const currency = plain({
  example: "SEK",
  expected: "a currency's three capital letters, such as SEK",
  schema: Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/u)),
})
const collector = plain({
  example: "http://localhost:4318",
  expected: "an http or https URL without a user in it. Put the collector's credentials into `otlpHeaders`",
  schema: Schema.String.check(Schema.makeFilter((given: string) => isHttpUrl(given) && !hasUser(given))),
})
const secret = hidden({
  example: "secret",
  expected: "one line of text that is not empty, without control characters",
  schema: line,
})
const key = hidden({
  example: "key",
  expected: "one line of visible ASCII characters, with no blank before or behind them",
  schema: headerValue,
})
const database = {
  ...hidden({
    example: "loans.sqlite",
    expected:
      "an SQLite file's path, or a URL that begins with postgres://. The engine refuses a store in memory, libpq's " +
      "`host=… password=…`, URLs of other kinds, and options of a URL that it does not use",
    schema: line,
  }),
  emptyIsWrong: true,
}
const proxy = hidden({
  example: "http://proxy.example:3128",
  expected:
    "an http or https URL of a host and port, such as http://proxy.example:3128, with user and password if the proxy needs them",
  schema: line.check(
    Schema.makeFilter((given: string) => isHttpUrl(given) && /^https?:\/\/[^/?#]+\/?$/iu.test(given)),
  ),
})
const hosts = plain({
  example: ["bank.internal"],
  expected: "a list of hosts' names or addresses, without scheme, port or path",
  schema: Schema.Array(Schema.String.check(Schema.isPattern(/^(?:[\w.-]+|\[[\da-f:.]+\])$/iu))),
  fromText: listed,
})
const spacedTexts = {
  ...texts,
  fromText: (list: string) => list.split(/[\s,]+/u).filter((entry) => entry !== ""),
}
const secrets = hidden({
  example: ["secret"],
  expected: "a list of texts, each one line without control characters",
  schema: Schema.Array(line),
  fromText: listed,
})

function isHttpUrl(given: string): boolean {
  return URL.canParse(given) && /^https?:$/u.test(new URL(given).protocol)
}

function hasUser(given: string): boolean {
  const { username, password } = new URL(given)
  return username !== "" || password !== ""
}

/**
 * Reads `name=value` pairs, separated by commas. Each name must be unique. A value may contain `=`. Any other text is
 * returned unchanged, and then refused by the kind.
 */
function pairs(list: string): unknown {
  const read: Record<string, string> = {}
  for (const entry of listed(list)) {
    const at = entry.indexOf("=")
    const name = entry.slice(0, at).trim()
    if (at < 1 || Object.hasOwn(read, name)) return list
    read[name] = entry.slice(at + 1).trim()
  }
  return read
}

const pairsOf = <Written>(kind: Omit<PlainKind<Written>, "fromText">) => plain({ ...kind, fromText: pairs })
const secretPairs = <Written>(kind: Omit<PlainKind<Written>, "fromText">) =>
  hidden({ ...kind, fromText: pairs })
const choice = <const Word extends string>(words: readonly [Word, ...ReadonlyArray<Word>]) =>
  plain({ expected: `one of ${words.join(", ")}`, example: words[0], schema: Schema.Literals(words) })

const networks = plain({
  example: ["10.0.0.0/8"],
  expected: "a list of addresses and networks, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8",
  schema: Schema.Array(Schema.String.check(Schema.makeFilter(isNetwork))),
  fromText: listed,
})

const pathPrefix = plain<PathPrefix>({
  example: "/loans",
  expected:
    "a path such as /loans: it begins with a slash, ends without one, and has only letters, digits and . _ ~ -",
  schema: Schema.Union([
    Schema.Literal(""),
    Schema.TemplateLiteral(["/", Schema.String]).check(
      Schema.isPattern(/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/u),
    ),
  ]),
})

export const kinds = {
  whole,
  natural,
  milliseconds,
  percent,
  factor,
  port,
  flag,
  text,
  texts,
  url,
  baseUrl,
  triggerPath,
  currency,
  collector,
  secret,
  key,
  database,
  proxy,
  hosts,
  networks,
  pathPrefix,
  spacedTexts,
  secrets,
  choice,
  pairsOf,
  secretPairs,
}
