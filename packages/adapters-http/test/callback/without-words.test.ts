import { expect, test } from "vitest"
import { withoutWords } from "../../src/callback/without-words.ts"

test("a message that looks like a stack trace is not shown as one", () => {
  const error = new RangeError("MARK\n    at MARK (file:///a.ts:1:1)")
  const { error: name, frames } = withoutWords(error)
  expect(name).toBe("RangeError")
  expect(frames[0]).toContain("without-words.test.ts")
  expect(JSON.stringify(withoutWords(error))).not.toContain("MARK")
})

test.each<[string, unknown]>([
  ["a text", "MARK"],
  ["nothing", undefined],
  ["an object", { message: "MARK", stack: "MARK", name: "MARK it is", code: "MARK it is" }],
  ["an error with words for a code", Object.assign(new Error("MARK"), { code: "it was MARK" })],
  ["an error with words for a name", Object.assign(new Error("MARK"), { name: "it was MARK" })],
  [
    "an error whose message was changed since",
    Object.assign(new Error("x\n    at MARK (a.ts:1:1)"), { message: "other" }),
  ],
])("of %s, no text is logged", (_name, thrown) => {
  expect(JSON.stringify(withoutWords(thrown))).not.toContain("MARK")
})

test("its code is logged, or the kind of its reason", () => {
  expect(withoutWords(Object.assign(new Error("x"), { code: "ERR_SQLITE_ERROR" })).code).toBe(
    "ERR_SQLITE_ERROR",
  )
  expect(withoutWords({ _tag: "BankError", reason: { _tag: "TimedOut" } })).toEqual({
    error: "BankError",
    code: "TimedOut",
    frames: [],
  })
})
