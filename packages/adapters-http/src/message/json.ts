import { unreadableMark } from "@loan-engine/domain/detail"
import { Result, Schema } from "effect"
import { decodeJsonBytes } from "./encoding.ts"

/** How deep arrays and objects may be nested. The bank's deepest callback has four levels. */
export const jsonDepthMax = 16

/** A JSON number as it was written. Amounts are never converted to floats. */
export class JsonNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

export type JsonValue = null | boolean | string | JsonNumber | ReadonlyArray<JsonValue> | JsonObject
export interface JsonObject {
  readonly [member: string]: JsonValue
}

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !(value instanceof JsonNumber) && !Array.isArray(value)

export const isJsonList = (value: JsonValue | undefined): value is ReadonlyArray<JsonValue> =>
  Array.isArray(value)

/** An object's own member. Names inherited from `Object.prototype` do not count. */
export const memberOf = (object: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

const faults = {
  encoding: "the text is not valid UTF-8",
  syntax: "the text is not valid JSON",
  depth: "arrays and objects are nested too deeply",
  duplicate: "an object has the same member twice",
  surrogate: "a string contains half a surrogate pair",
} as const
export type JsonFault = keyof typeof faults

/** The bytes are no acceptable JSON. `path` says where, without text from the sender. */
export class JsonInvalid extends Schema.TaggedError<JsonInvalid>()("JsonInvalid", {
  fault: Schema.Literals(["encoding", "syntax", "depth", "duplicate", "surrogate"]),
  path: Schema.String,
  message: Schema.String,
}) {}

export interface JsonOptions {
  /** Member names that the path of an error may show. Any other name is shown as `*`, because the sender chose it. */
  readonly names?: Pick<ReadonlySet<string>, "has">
  readonly depthMax?: number
  /**
   * If true, a value that is not clear becomes the text {@link unreadableMark}, and the rest of the document is still
   * read. Such values are: bytes in an unknown encoding, half a surrogate pair, an unknown escape, a member that
   * occurs twice with different values, and values that are nested too deeply.
   *
   * Control characters in a text are kept, and a comma after the last item is ignored. A word that JSON does not
   * have, such as `NaN` or `08.02`, is read as text.
   *
   * Use it only for documents that a person could still understand. Claims and keys of signatures must be read
   * strictly.
   */
  readonly lenient?: boolean
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })

/**
 * Parses JSON strictly: UTF-8 only, no member twice, no lone surrogates, limited depth. A byte order mark is allowed.
 * Numbers are kept as they were written. A member named `__proto__` is an ordinary member.
 *
 * @example parseJson(new TextEncoder().encode("[1.50]")) succeeds with [new JsonNumber("1.50")]
 */
export function parseJson(
  bytes: Uint8Array,
  options: JsonOptions = {},
): Result.Result<JsonValue, JsonInvalid> {
  if (options.lenient === true) return parseJsonText(decodeJsonBytes(bytes), options)
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return Result.fail(invalid("encoding", ""))
  }
  return parseJsonText(text, options)
}

/** Like {@link parseJson}, for text that is decoded already. */
export function parseJsonText(
  text: string,
  options: JsonOptions = {},
): Result.Result<JsonValue, JsonInvalid> {
  const { depthMax = jsonDepthMax, lenient = false } = options
  const reader: Reader = { text, depthMax, lenient, position: 0, path: [] }
  try {
    const value = readValue(reader)
    if (nextCode(reader) !== endOfText) throw new Flaw("syntax")
    return Result.succeed(value)
  } catch (flaw) {
    if (!(flaw instanceof Flaw)) throw flaw
    const path = showPath(reader.path, options.names ?? noNames)
    return Result.fail(invalid(flaw.fault, path))
  }
}

const noNames: ReadonlySet<string> = new Set()

const invalid = (fault: JsonFault, path: string): JsonInvalid =>
  new JsonInvalid({ fault, path, message: faults[fault] })

/** Thrown at the first error. The reader's path says where. It is always caught, so it needs no stack. */
class Flaw {
  readonly fault: JsonFault

  constructor(fault: JsonFault) {
    this.fault = fault
  }
}

/** The state while one document is read. `path` leads to the current value. */
interface Reader {
  readonly text: string
  readonly depthMax: number
  readonly lenient: boolean
  position: number
  readonly path: Array<string | number>
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const bracket = 0x5b
const bracketEnd = 0x5d
const brace = 0x7b
const braceEnd = 0x7d
const endOfText = -1

/** The code of the next character that is no white space. The character itself is not consumed. */
function nextCode(reader: Reader): number {
  const { text } = reader
  while (reader.position < text.length) {
    const code = text.charCodeAt(reader.position)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
    reader.position++
  }
  return endOfText
}

function readValue(reader: Reader): JsonValue {
  const code = nextCode(reader)
  const nests = code === brace || code === bracket
  if (nests && reader.path.length === reader.depthMax) return skipNested(reader)
  switch (code) {
    case quote:
      return readString(reader)
    case brace:
      return readObject(reader)
    case bracket:
      return readArray(reader)
    default:
      return readToken(reader)
  }
}

const bracketOrText = /["[\]{}]/gu

/** Skips an array or object that is nested too deeply. */
function skipNested(reader: Reader): string {
  if (!reader.lenient) throw new Flaw("depth")
  let open = 0
  do {
    bracketOrText.lastIndex = reader.position
    const [sign] = bracketOrText.exec(reader.text) ?? []
    if (sign === undefined) throw new Flaw("syntax")
    reader.position = bracketOrText.lastIndex
    if (sign === "{" || sign === "[") open++
    else if (sign !== '"') open--
    else {
      reader.position--
      readString(reader)
    }
  } while (open > 0)
  return unreadableMark
}

function readObject(reader: Reader): JsonObject {
  const object: Record<string, JsonValue> = {}
  const again = joining()
  let open = opening(reader, "", braceEnd)
  while (open) {
    if (nextCode(reader) !== quote) throw new Flaw("syntax")
    const name = readString(reader)
    reader.path[reader.path.length - 1] = name
    const before = memberOf(object, name)
    if (before !== undefined && !reader.lenient) throw new Flaw("duplicate")
    if (nextCode(reader) !== colon) throw new Flaw("syntax")
    reader.position++
    const value = reader.lenient ? readLeniently(reader) : readValue(reader)
    setMember(object, name, before === undefined ? value : again(name, before, value))
    open = another(reader, braceEnd)
  }
  return object
}

/** The rest of a member: up to the next member or the object's end, without quotation marks and brackets. */
const restOfMember = /[^":[\]{}]*?(?=,\s*"|\})/uy

/**
 * Reads a member's value. If there is no value, or several words such as `8,02` or `10000 SEK`, the value is not
 * clear.
 */
function readLeniently(reader: Reader): JsonValue {
  const first = nextCode(reader)
  const isThere = first !== comma && first !== braceEnd
  const value = isThere ? readValue(reader) : unreadableMark
  if (first === quote || first === brace || first === bracket) return value
  nextCode(reader)
  restOfMember.lastIndex = reader.position
  const [rest = ""] = restOfMember.exec(reader.text) ?? []
  if (/^[,\s]*$/u.test(rest)) return value
  reader.position += rest.length
  return unreadableMark
}

function readArray(reader: Reader): ReadonlyArray<JsonValue> {
  const items: Array<JsonValue> = []
  let open = opening(reader, 0, bracketEnd)
  while (open) {
    items.push(readValue(reader))
    reader.path[reader.path.length - 1] = items.length
    open = another(reader, bracketEnd)
  }
  return items
}

/** Enters an array or object. The result is whether it has content. */
function opening(reader: Reader, first: string | number, end: number): boolean {
  reader.position++
  reader.path.push(first)
  return nextCode(reader) !== end || !closing(reader)
}

/** Whether another item follows. If not, the array or object is left. */
function another(reader: Reader, end: number): boolean {
  const code = nextCode(reader)
  if (code === end) return !closing(reader)
  if (code !== comma) throw new Flaw("syntax")
  reader.position++
  const isLast = reader.lenient && nextCode(reader) === end
  return !isLast || !closing(reader)
}

function closing(reader: Reader): true {
  reader.position++
  reader.path.pop()
  return true
}

/**
 * How often a member may occur. If it occurs more often, its value is not clear: comparing all values would take too
 * long.
 */
const repetitionsMax = 8

/** Combines the values of a member that occurs several times in an object. */
export function joining(): (name: string, before: JsonValue, value: JsonValue) => JsonValue {
  let times: Map<string, number> | undefined
  return (name, before, value) => {
    times ??= new Map()
    const said = (times.get(name) ?? 1) + 1
    times.set(name, said)
    return said > repetitionsMax ? unreadableMark : together(before, value)
  }
}

/**
 * Combines two values of one member. If they are the same, the result is that value. If they are objects, it is a
 * list of both. Otherwise it is not clear.
 */
function together(one: JsonValue, other: JsonValue): JsonValue {
  if (isSame(one, other)) return one
  const objects = [one, other].flatMap((value) => (isJsonList(value) ? value : [value]))
  return objects.every(isJsonObject) ? objects : unreadableMark
}

/** Whether two values are the same, apart from white space. */
const isSame = (one: JsonValue, other: JsonValue): boolean => JSON.stringify(one) === JSON.stringify(other)

/**
 * Sets a member. A member named `__proto__` becomes an ordinary member, and does not change the object's prototype.
 */
function setMember(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name !== "__proto__") object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

// Characters that a string cannot contain directly: its end, an escape, or a control character.
// oxlint-disable-next-line no-control-regex
const special = /["\\\0-\u001f]/gu

function readString(reader: Reader): string {
  const start = reader.position
  let escaped = false
  special.lastIndex = start + 1
  while (special.test(reader.text)) {
    const end = special.lastIndex
    const code = reader.text.charCodeAt(end - 1)
    if (code === quote) {
      reader.position = end
      return textOf(reader, reader.text.slice(start + 1, end - 1), escaped)
    }
    if (code === backslash) {
      escaped = true
      // Skip the escaped character, because it cannot end the string.
      special.lastIndex++
    } else if (!reader.lenient) throw new Flaw("syntax")
  }
  throw new Flaw("syntax")
}

/** A string's value. `inner` is the text between its quotation marks. */
function textOf({ lenient }: Reader, inner: string, escaped: boolean): string {
  const value = escaped ? unescaped(lenient ? repaired(inner) : inner) : inner
  if (value.isWellFormed()) return value
  if (!lenient) throw new Flaw("surrogate")
  return value.toWellFormed()
}

function unescaped(inner: string): string {
  try {
    const value: string = JSON.parse(`"${inner}"`)
    return value
  } catch (error) {
    if (error instanceof SyntaxError) throw new Flaw("syntax")
    throw error
  }
}

const escapeOrControl = /\\(?:u[0-9A-Fa-f]{4}|["\\/bfnrt])|\\.?|[\0-\u001f]/gsu

/** Repairs a string: control characters are escaped, and unknown escapes become {@link unreadableMark}. */
const repaired = (inner: string): string =>
  inner.replace(escapeOrControl, (sign) => {
    if (sign.length === 1 && sign !== "\\") return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`
    return sign.length > 2 || /^\\["\\/bfnrt]$/u.test(sign) ? sign : unreadableMark
  })

const token = /(?<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|true|false|null/uy
const bareWord = /[A-Za-z0-9+.-][^\s,:"[\]{}]*/uy

const afterToken = /[\s,\]}]|$/uy

/** Reads a number, or one of the words `true`, `false` and `null`. */
function readToken(reader: Reader): JsonNumber | boolean | null | string {
  token.lastIndex = reader.position
  const found = token.exec(reader.text)
  afterToken.lastIndex = token.lastIndex
  if (found === null || (reader.lenient && !afterToken.test(reader.text))) return readBareWord(reader)
  reader.position = token.lastIndex
  const [written] = found
  if (found.groups?.["number"] !== undefined) return new JsonNumber(written)
  return written === "null" ? null : written === "true"
}

function readBareWord(reader: Reader): string {
  bareWord.lastIndex = reader.position
  const isMember = reader.lenient && reader.path.length > 0
  const [word] = (isMember ? bareWord.exec(reader.text) : null) ?? []
  if (word === undefined) throw new Flaw("syntax")
  reader.position = bareWord.lastIndex
  return word
}

/**
 * Writes a path, such as `externalApplicationEvent.requiredDocuments[2]`. Names that must not be shown become `*`.
 */
export function showPath(path: ReadonlyArray<PropertyKey>, names: Pick<ReadonlySet<string>, "has">): string {
  let shown = ""
  for (const segment of path) {
    if (segment === "") continue
    if (typeof segment === "number") shown += `[${segment}]`
    else shown += `${shown === "" ? "" : "."}${names.has(String(segment)) ? String(segment) : "*"}`
  }
  return shown
}
