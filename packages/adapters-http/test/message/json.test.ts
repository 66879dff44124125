import fc from "fast-check"
import { Result } from "effect"
import { describe, expect, test } from "vitest"
import { isJsonObject, JsonNumber, jsonDepthMax, parseJson, parseJsonText } from "../../src/message/json.ts"
import type { JsonValue } from "../../src/message/json.ts"
import { bytesOf } from "../support.ts"

const names = new Set(["a", "b"])
const faultOf = (bytes: Uint8Array): readonly [string, string] => {
  const parsed = parseJson(bytes, { names })
  return Result.isFailure(parsed) ? [parsed.failure.fault, parsed.failure.path] : ["none", ""]
}

/** Converts a parsed value to what `JSON.parse` would give, to compare both. */
const asFloats = (value: JsonValue): unknown => {
  if (value instanceof JsonNumber) return Number(value.source)
  if (Array.isArray(value)) return value.map(asFloats)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asFloats(member)]))
}

describe("strict JSON", () => {
  test.each([
    ["nothing at all", "", "syntax", ""],
    ["a value and more", "{} {}", "syntax", ""],
    ["a trailing comma", '{"a":1,}', "syntax", "a"],
    ["a comment", '{"a":1/**/}', "syntax", "a"],
    ["a single-quoted string", "{'a':1}", "syntax", ""],
    ["a leading zero", "[01]", "syntax", "[1]"],
    ["a NaN", "[NaN]", "syntax", "[0]"],
    ["an unclosed string", '["a', "syntax", "[0]"],
    ["an unclosed escape", '["a\\', "syntax", "[0]"],
    ["a bad escape", '["\\x"]', "syntax", "[0]"],
    ["a raw control character", '["\u0000"]', "syntax", "[0]"],
    ["an unclosed object", '{"a":{"b":1}', "syntax", "a"],
    ["the wrong bracket", "[}", "syntax", "[0]"],
    ["the same member twice", '{"a":{"b":1,"b":1}}', "duplicate", "a.b"],
    ["the same member written differently", '{"a":1,"\\u0061":2}', "duplicate", "a"],
    ["the same __proto__ twice", '{"__proto__":1,"__proto__":2}', "duplicate", "*"],
    ["a member name that is half a surrogate pair", '{"a":{"\\ud800":1}}', "surrogate", "a"],
    ["half a surrogate pair in a list", '{"a":["x","\\udc00"]}', "surrogate", "a[1]"],
    ["a reversed surrogate pair", '{"a":"\\udc00\\ud800"}', "surrogate", "a"],
  ])("%s is refused", (_title, text, fault, path) => {
    expect(faultOf(bytesOf(text))).toEqual([fault, path])
  })

  test.each([
    ["a cut sequence", [0x22, 0xc3, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x22, 0x00, 0x22, 0x00]],
  ])("%s is not UTF-8", (_title, bytes) => {
    expect(faultOf(Uint8Array.from(bytes))).toEqual(["encoding", ""])
  })

  test("a byte order mark is ignored", () => {
    expect(parseJson(Uint8Array.from([0xef, 0xbb, 0xbf, 0x5b, 0x5d]))).toEqual(Result.succeed([]))
  })

  test("nesting is refused beyond the limit, however deep, and allowed up to it", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
    expect(faultOf(bytesOf(nested(jsonDepthMax)))[0]).toBe("none")
    expect(faultOf(bytesOf(nested(jsonDepthMax + 1)))[0]).toBe("depth")
    expect(faultOf(bytesOf("[".repeat(60_000)))[0]).toBe("depth")
    expect(faultOf(bytesOf('{"a":'.repeat(10_000)))[0]).toBe("depth")
  })

  test("brackets, colons and quotes within strings are text", () => {
    expect(faultOf(bytesOf(`["${"[{".repeat(100)}", "a\\":", "a\\":"]`))[0]).toBe("none")
  })

  test("numbers keep every digit they were written with", () => {
    const written = ["0.1000", "12345678901234567890.123456789", "1e400", "-0", "3000.00"]
    const parsed = parseJsonText(`[${written.join(",")}]`)
    expect(parsed).toEqual(Result.succeed(written.map((source) => new JsonNumber(source))))
  })

  test("a number is told apart from text that looks like one, and from an object that does", () => {
    const parsed = parseJsonText('[1, "1", {"source":"1"}]')
    const [number, text, object] = Result.getOrThrow(parsed) as ReadonlyArray<JsonValue>
    expect([number instanceof JsonNumber, typeof text, isJsonObject(object)]).toEqual([true, "string", true])
    expect(isJsonObject(number)).toBe(false)
  })

  test("a member called __proto__ changes no prototype", () => {
    const parsed = Result.getOrThrow(parseJsonText('{"__proto__":{"admin":true},"constructor":1}'))
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
    expect(Reflect.get(parsed as object, "admin")).toBeUndefined()
    expect(Reflect.get({}, "admin")).toBeUndefined()
  })

  test("an error shows no name that the sender chose", () => {
    const parsed = parseJsonText('{"anna.andersson":1,"anna.andersson":2}')
    expect(JSON.stringify(parsed)).not.toContain("anna")
  })

  test("everything that JSON.parse reads is read with the same result", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, depthSize: "medium" }), (value) => {
        const text = JSON.stringify(value)
        expect(asFloats(Result.getOrThrow(parseJsonText(text)))).toEqual(JSON.parse(text))
      }),
    )
  })

  test("everything that JSON.parse refuses is refused, and nothing throws", () => {
    const token = fc.constantFrom(
      ...Array.from('{}[]",:\\ue01-.tfn \n'),
      '"a"',
      "null",
      "true",
      "\\u0061",
      '{"a":1}',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        const text = tokens.join("")
        const accepted = Result.isSuccess(parseJsonText(text))
        if (accepted) expect(() => JSON.parse(text)).not.toThrow()
      }),
      { numRuns: 5_000 },
    )
  })
})

describe("a member that an object repeats", () => {
  const repeated = (times: number): JsonValue => {
    const members = Array.from({ length: times }, (_, index) => `"x":{"n":${index % 2}}`).join(",")
    const parsed = Result.getOrThrow(parseJsonText(`{${members}}`, { lenient: true }))
    return isJsonObject(parsed) ? (parsed["x"] ?? null) : parsed
  }

  test("becomes a list up to a limit, and is unreadable beyond", () => {
    expect(repeated(1)).toEqual(asWritten({ n: 0 }))
    expect(repeated(4)).toHaveLength(4)
    expect(repeated(9)).toBe("\uFFFD")
    expect(repeated(5_000)).toBe("\uFFFD")
    const empty = Array.from({ length: 20 }, () => '"x":[]').join(",")
    const parsed = Result.getOrThrow(parseJsonText(`{"x":{"n":1},${empty}}`, { lenient: true }))
    expect(parsed).toMatchObject({ x: "\uFFFD" })
  })
})

const asWritten = (value: object): JsonValue => Result.getOrThrow(parseJsonText(JSON.stringify(value)))
