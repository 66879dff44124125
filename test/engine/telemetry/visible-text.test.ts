import { visibleText } from "@loan-engine/app/base/visible-text"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"

describe("a text from outside, as it is shown to people", () => {
  it.each([
    ["Åsa Öberg – 10 000 kr 🏦 日本", "Åsa Öberg – 10 000 kr 🏦 日本"],
    ["two\nlines\r\tand\u0000none", String.raw`two\u000alines\u000d\u0009and\u0000none`],
    ["a\u2028b\u2029c\u0085d", String.raw`a\u2028b\u2029c\u0085d`],
    ["approved\u202Edetcejer\u202C", String.raw`approved\u202edetcejer\u202c`],
    ["\u2066isolated\u2069\u200F\u061C", String.raw`\u2066isolated\u2069\u200f\u061c`],
    ["zero\u200Bwidth\uFEFF", String.raw`zero\u200bwidth\ufeff`],
    ["tag \u{E0041}", String.raw`tag \udb40\udc41`],
    ["\u001B[2Jgone", String.raw`\u001b[2Jgone`],
  ])("is %j", (text, shown) => {
    expect(visibleText(text)).toBe(shown)
  })

  it("is the same text inside JSON, with every character visible", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = visibleText(JSON.stringify({ text }))
        expect(JSON.parse(shown)).toEqual({ text })
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
      { seed: propertySeed },
    )
  })
})
