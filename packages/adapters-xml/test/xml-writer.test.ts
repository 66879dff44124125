import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { textElement, type XmlElement } from "../src/xml/element.ts"
import { parseXml } from "../src/xml/parser.ts"
import { writeXml } from "../src/xml/writer.ts"
import { tree, xmlText } from "./arbitraries.ts"
import { failure, utf8, value } from "./bytes.ts"

const written = (element: XmlElement) => value(writeXml(element))
const readBack = (element: XmlElement) => value(parseXml(utf8(written(element))))

describe("writing XML", () => {
  it("writes any tree so that it reads back as the same tree", () => {
    fc.assert(
      fc.property(tree, (element) => {
        expect(readBack(element)).toEqual(element)
      }),
    )
  })

  it("writes any text as CDATA that reads back as the same text", () => {
    fc.assert(
      fc.property(xmlText(), (text) => {
        expect(readBack({ ...textElement("a", text), cdata: true }).text).toBe(text)
      }),
    )
  })

  it("writes text as CDATA if asked, and splits it where a section cannot contain it", () => {
    const element: XmlElement = { ...textElement("a", "<b>]]>\r</b>"), cdata: true }
    expect(written(element)).toContain("<a><![CDATA[<b>]]]]><![CDATA[>]]>&#13;<![CDATA[</b>]]></a>")
  })

  it("declares each namespace once, by the prefix that is preferred", () => {
    const inner = { ...textElement("b", ""), namespace: "urn:1" }
    const root: XmlElement = { ...inner, name: "a", children: [inner, { ...inner, namespace: "urn:2" }] }
    expect(value(writeXml(root, new Map([["urn:1", "p"]])))).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n` +
        `<p:a xmlns:p="urn:1" xmlns:ns1="urn:2"><p:b></p:b><ns1:b></ns1:b></p:a>`,
    )
  })

  it.each(["\u0000", "\u000B", "\u001F", "\uD800", "x\uDC00", "\uFFFE", "\uFFFF"])(
    "refuses text that XML cannot carry (%j)",
    (text) => {
      const attributes = [{ namespace: "", name: "b", value: text }]
      for (const element of [
        textElement("a", text),
        { ...textElement("a", text), cdata: true } as const,
        { ...textElement("a", ""), attributes },
        { ...textElement("a", ""), namespace: `urn:${text}` },
      ]) {
        expect(failure(writeXml(element))).toMatchObject({ _tag: "XmlError", reason: "invalid-character" })
      }
    },
  )

  it.each(["", "a b", "1a", "a:b", "a><b", "-"])("refuses the name %j", (name) => {
    expect(failure(writeXml(textElement(name, "")))).toMatchObject({ reason: "invalid-name" })
  })
})
