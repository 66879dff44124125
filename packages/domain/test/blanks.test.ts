import { expect, test } from "vitest"
import { withoutBlanks } from "../src/blanks.ts"

test.each([
  ["", ""],
  [" \u200B\u2060\uFEFF\u00A0\t\r\n", ""],
  ["\u200B a \u200B b \u2060", "a \u200B b"],
  [`a${" ".repeat(60_000)}b`, `a${" ".repeat(60_000)}b`],
])("blanks around a text are removed, blanks inside it stay", (text, without) => {
  expect(withoutBlanks(text)).toBe(without)
})
