import { canonicalJson } from "@loan-engine/domain/canonical-json"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("canonicalJson", () => {
  it("sorts keys, leaves absent members out, and writes no white space", () => {
    expect(canonicalJson({ b: 1, a: ["x", { d: undefined, c: null }], "": true })).toBe(
      '{"":true,"a":["x",{"c":null}],"b":1}',
    )
    expect(canonicalJson([])).toBe("[]")
    expect(canonicalJson({})).toBe("{}")
    expect(canonicalJson(null)).toBe("null")
    expect(canonicalJson("ä\n")).toBe('"ä\\n"')
  })

  it("gives equal values equal text, however their members were ordered, and loses nothing", () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Parameters<typeof canonicalJson>[0]>
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (members) => {
        const text = canonicalJson(members)
        expect(canonicalJson(Object.fromEntries(Object.entries(members).toReversed()))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(members)))
      }),
      { examples: [[{ a: null }], [{ a: [1, 2] }], [{ b: "", a: 0 }]] },
    )
  })
})
