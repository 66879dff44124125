import { Result, Schema } from "effect"

/** How deep arrays and objects may nest. The bank's deepest callback nests four levels. */
export const jsonDepthMax = 16

/** A JSON number as it was written: amounts never become floats. */
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

/** An object's own member; a name inherited from `Object.prototype` is no member. */
export const memberOf = (object: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

const faults = {
  encoding: "the text is not valid UTF-8",
  syntax: "the text is not valid JSON",
  depth: "arrays and objects nest too deeply",
  duplicate: "an object names the same member twice",
  surrogate: "a string holds half a surrogate pair",
} as const
export type JsonFault = keyof typeof faults

/** The bytes are no JSON that we accept. `path` says where, without quoting the sender's own words. */
export class JsonInvalid extends Schema.TaggedError<JsonInvalid>()("JsonInvalid", {
  fault: Schema.Literals(["encoding", "syntax", "depth", "duplicate", "surrogate"]),
  path: Schema.String,
  message: Schema.String,
}) {}

export interface JsonOptions {
  /** Member names that an error's path may show; any other is shown as `*`, because the sender chose it. */
  readonly names?: ReadonlySet<string>
  readonly depthMax?: number
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })

/**
 * Strict JSON from bytes: UTF-8 only (a byte order mark is tolerated), no member twice, no lone surrogates, bounded
 * depth, and every number kept as it was written. A member called `__proto__` is an ordinary one.
 *
 * @example parseJson(new TextEncoder().encode("[1.50]")) succeeds with [new JsonNumber("1.50")]
 */
export function parseJson(
  bytes: Uint8Array,
  options: JsonOptions = {},
): Result.Result<JsonValue, JsonInvalid> {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return Result.fail(invalid("encoding", ""))
  }
  return parseJsonText(text, options)
}

/** Like {@link parseJson}, for text that has been decoded already. */
export function parseJsonText(
  text: string,
  options: JsonOptions = {},
): Result.Result<JsonValue, JsonInvalid> {
  const flaw = findFlaw(text, options.depthMax ?? jsonDepthMax, options.names ?? noNames)
  if (flaw !== undefined) return Result.fail(flaw)
  try {
    return Result.succeed(parseExactly(text))
  } catch (error) {
    if (error instanceof SyntaxError) return Result.fail(invalid("syntax", ""))
    throw error
  }
}

const noNames: ReadonlySet<string> = new Set()

const invalid = (fault: JsonFault, path: string): JsonInvalid =>
  new JsonInvalid({ fault, path, message: faults[fault] })

function parseExactly(text: string): JsonValue {
  const parsed: JsonValue = JSON.parse(text, keepNumbers)
  return parsed
}

/** The third argument is optional only because TypeScript's library does not know it yet. */
function keepNumbers(_key: string, value: unknown, context?: { readonly source: string }): unknown {
  if (typeof value !== "number") return value
  if (context === undefined)
    throw new Error("this runtime does not tell a number's source: use Node 22 or newer")
  return new JsonNumber(context.source)
}

/** One array or object that is open at the scanner's position. `members` is absent in an array. */
interface Level {
  readonly members: Set<string> | undefined
  at: string | number
}

const brackets = { object: 0x7b, objectEnd: 0x7d, array: 0x5b, arrayEnd: 0x5d } as const
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c

/**
 * Looks for what `JSON.parse` would let pass (and for depth, which its reviver would recurse into). Text that is no JSON
 * at all may pass here: the parser refuses it afterwards.
 */
function findFlaw(text: string, depthMax: number, names: ReadonlySet<string>): JsonInvalid | undefined {
  const open: Array<Level> = []
  let position = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === quote) {
      const end = stringEnd(text, position)
      const fault = stringFault(text, position, end, open.at(-1))
      if (fault !== undefined) return invalid(fault, pathOf(open, names))
      position = end
      continue
    }
    if (code === brackets.object) open.push({ members: new Set(), at: "" })
    else if (code === brackets.array) open.push({ members: undefined, at: 0 })
    else if (code === brackets.objectEnd || code === brackets.arrayEnd) open.pop()
    else if (code === comma) nextItem(open.at(-1))
    if (open.length > depthMax) return invalid("depth", pathOf(open, names))
    position += 1
  }
  return undefined
}

function nextItem(level: Level | undefined): void {
  if (typeof level?.at === "number") level.at += 1
}

/** The position after the closing quote of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let position = start + 1
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === quote) return position + 1
    position += code === backslash ? 2 : 1
  }
  return text.length
}

function stringFault(
  text: string,
  start: number,
  end: number,
  level: Level | undefined,
): JsonFault | undefined {
  const inner = text.slice(start + 1, end - 1)
  const value = inner.includes("\\") ? unescape(text.slice(start, end)) : inner
  if (value === undefined) return "syntax"
  const isName = level?.members !== undefined && isFollowedByColon(text, end)
  if (isName) level.at = value
  if (!value.isWellFormed()) return "surrogate"
  if (!isName) return undefined
  if (level.members.has(value)) return "duplicate"
  level.members.add(value)
  return undefined
}

function unescape(token: string): string | undefined {
  try {
    const value: string = JSON.parse(token)
    return value
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const afterName = /[ \t\r\n]*:/uy

function isFollowedByColon(text: string, position: number): boolean {
  afterName.lastIndex = position
  return afterName.test(text)
}

const pathOf = (open: ReadonlyArray<Level>, names: ReadonlySet<string>): string =>
  showPath(
    open.map((level) => level.at).filter((segment) => segment !== ""),
    names,
  )

/** A path such as `externalApplicationEvent.requiredDocuments[2]`. */
export function showPath(path: ReadonlyArray<PropertyKey>, names: ReadonlySet<string>): string {
  let shown = ""
  for (const segment of path) {
    if (typeof segment === "number") shown += `[${segment}]`
    else shown += `${shown === "" ? "" : "."}${names.has(String(segment)) ? String(segment) : "*"}`
  }
  return shown
}
