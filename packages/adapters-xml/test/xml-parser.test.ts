import { describe, expect, it } from "vitest"
import type { XmlElement } from "../src/xml/element.ts"
import type { XmlErrorReason } from "../src/xml/error.ts"
import { xmlLimits } from "../src/xml/limits.ts"
import { parseXml } from "../src/xml/parser.ts"
import { failure, utf8, value } from "./bytes.ts"

const parse = (text: string): XmlElement => value(parseXml(utf8(text)))
const refused = (text: string) => failure(parseXml(utf8(text)))

describe("the content of a well-formed document", () => {
  const texts: ReadonlyArray<readonly [what: string, document: string, text: string]> = [
    ["predefined entities", "<a>&lt;&gt;&amp;&apos;&quot;</a>", `<>&'"`],
    ["numeric references", "<a>&#65;&#x42;&#x1F600;&#0000000067;</a>", "AB\u{1F600}C"],
    ["each reference once", "<a>&amp;lt;&amp;#65;&#38;lt;</a>", "&lt;&#65;&lt;"],
    ["CDATA to the letter", "<a>1<![CDATA[<b>&amp;</b>]]]]><![CDATA[>]]>2</a>", "1<b>&amp;</b>]]>2"],
    ["an empty CDATA section", "<a><![CDATA[]]></a>", ""],
    ["a doctype within CDATA, which is text", "<a><![CDATA[<!DOCTYPE a>]]></a>", "<!DOCTYPE a>"],
    ["text around a comment", "<a>tr<!-- <b>&x; ' -->ue</a>", "true"],
    ["text around a processing instruction", "<a>tr<?x ' < & ?>ue</a>", "true"],
    ["line ends as line feeds", "<a>1\r\n2\r3\n</a>", "1\n2\n3\n"],
    ["a carriage return by reference", "<a>1&#13;\n</a>", "1\r\n"],
    ["white space untouched", "<a> \t x </a>", " \t x "],
    ["numbers and booleans as text", "<a>0x10</a>", "0x10"],
    ["leading zeros and exponents as text", "<a>007e3</a>", "007e3"],
    ["a lone quote and a greater-than sign", `<a>'"></a>`, `'">`],
  ]
  it.each(texts)("keeps %s", (_what, document, text) => {
    expect(parse(document).text).toBe(text)
  })

  it("resolves default and prefixed namespaces, inner ones over outer ones", () => {
    const root = parse(
      `<p:a xmlns:p="urn:1" xmlns="urn:2" p:x="1" x="2"><b/><p:c xmlns:p="urn:3"/><d xmlns=""/></p:a>`,
    )
    expect([root.namespace, root.name]).toEqual(["urn:1", "a"])
    expect(root.attributes).toEqual([
      { namespace: "urn:1", name: "x", value: "1" },
      { namespace: "", name: "x", value: "2" },
    ])
    expect(root.children.map((child) => [child.namespace, child.name])).toEqual([
      ["urn:2", "b"],
      ["urn:3", "c"],
      ["", "d"],
    ])
  })

  it("is a tree of local names and their namespaces", () => {
    expect(parse("<a xmlns='urn:x'>1 &lt; 2</a>")).toEqual({
      namespace: "urn:x",
      name: "a",
      attributes: [],
      children: [],
      text: "1 < 2",
    })
  })

  it("keeps order and repetition of elements", () => {
    expect(parse("<a><b>1</b><c/><b>2</b></a>").children.map(({ name, text }) => name + text)).toEqual([
      "b1",
      "c",
      "b2",
    ])
  })

  it("reads white space in attributes as spaces, but not what a reference stands for", () => {
    expect(parse(`<a b=' 1\t2\r\n3&#9;4>/'/>`).attributes[0]?.value).toBe(" 1 2 3\t4>/")
  })

  it("reads names that JavaScript objects have as ordinary names", () => {
    const root = parse(`<toString valueOf="1"><hasOwnProperty/></toString>`)
    expect([root.name, root.attributes[0]?.name, root.children[0]?.name]).toEqual([
      "toString",
      "valueOf",
      "hasOwnProperty",
    ])
  })

  it("ignores quotes in processing instructions and comments", () => {
    expect(parse(`<?x ' ?><a>1<?x " ?><b/></a><?y ' " ?><!-- ' -->`)).toMatchObject({
      name: "a",
      text: "1",
      children: [{ name: "b" }],
    })
  })

  it("accepts all of the prolog and the epilog", () => {
    const prolog = `<?xml version='1.0' encoding="utf-8" standalone='yes' ?>\n<!-- - -->\n<?xml-stylesheet a?>\n`
    expect(parse(`${prolog}<a/>\n<!-- -->\n<?end?>\n`).name).toBe("a")
  })
})

describe("what is refused", () => {
  const { xmlDepthMax, xmlNodesMax, xmlAttributesMax, xmlNameLengthMax, xmlBytesMax } = xmlLimits
  const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth)
  const attacks: ReadonlyArray<readonly [what: string, document: string, reason: XmlErrorReason]> = [
    ["a doctype", "<!DOCTYPE a><a/>", "doctype"],
    ["a doctype in small letters", "<!doctype html><html/>", "doctype"],
    ["an external entity", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, "doctype"],
    ["an entity bomb", `<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>`, "doctype"],
    ["an external subset", `<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>`, "doctype"],
    ["a doctype behind comments", "<!-- --><?x?>\n<!DOCTYPE a><a/>", "doctype"],
    ["a doctype within the root", "<a><!DOCTYPE a></a>", "doctype"],
    ["an entity declaration within the root", `<a><!ENTITY x "y"></a>`, "doctype"],
    ["an undeclared entity", "<a>&nbsp;</a>", "invalid-reference"],
    ["a lone ampersand", "<a>1 & 2</a>", "invalid-reference"],
    ["an unfinished reference", "<a>&amp</a>", "invalid-reference"],
    ["a reference cut by a comment", "<a>&am<!-- -->p;</a>", "invalid-reference"],
    ["a reference to NUL", "<a>&#0;</a>", "invalid-reference"],
    ["a reference to a control character", "<a>&#x1B;</a>", "invalid-reference"],
    ["a reference to a surrogate", "<a>&#xD800;</a>", "invalid-reference"],
    ["a reference past Unicode", "<a>&#x110000;</a>", "invalid-reference"],
    ["a reference of endless zeros", `<a>&#${"0".repeat(1_000)}65;</a>`, "invalid-reference"],
    ["a capital X in a reference", "<a>&#X41;</a>", "invalid-reference"],
    ["an unknown entity in an attribute", "<a b='&x;'/>", "invalid-reference"],
    ["a NUL", "<a>\u0000</a>", "invalid-character"],
    ["an escape character in a comment", "<a><!-- \u001B --></a>", "invalid-character"],
    ["U+FFFE", "<a>\uFFFE</a>", "invalid-character"],
    ["nothing", "", "malformed"],
    ["white space only", " \n", "malformed"],
    ["a comment only", "<!-- -->", "malformed"],
    ["plain text", "Service Unavailable", "malformed"],
    ["JSON", `{"a":1}`, "malformed"],
    ["a truncated element", "<a><b>1</b>", "malformed"],
    ["a truncated start tag", "<a", "malformed"],
    ["a truncated attribute", `<a b="1`, "malformed"],
    ["a truncated end tag", "<a></a", "malformed"],
    ["a truncated comment", "<a/><!-- ", "malformed"],
    ["a truncated CDATA section", "<a><![CDATA[ </a>", "malformed"],
    ["a truncated processing instruction", "<a/><?x ", "malformed"],
    ["trailing text", "<a/>x", "malformed"],
    ["leading text", "x<a/>", "malformed"],
    ["two roots", "<a/><b/>", "malformed"],
    ["a trailing end tag", "<a/></a>", "malformed"],
    ["CDATA outside the root", "<a/><![CDATA[]]>", "malformed"],
    ["mismatched tags", "<a><b></a></b>", "malformed"],
    ["an end tag in other letters", "<a></A>", "malformed"],
    ["an end tag with attributes", `<a></a b="1">`, "malformed"],
    ["an attribute without a value", "<a b/>", "malformed"],
    ["an attribute without quotes", "<a b=1/>", "malformed"],
    ["attributes without space between", `<a b="1"c="2"/>`, "malformed"],
    ["a less-than sign in an attribute", `<a b="<"/>`, "malformed"],
    ["]]> in text", "<a>]]></a>", "malformed"],
    ["-- in a comment", "<a><!-- -- --></a>", "malformed"],
    ["a comment that ends in three dashes", "<a><!-- ---></a>", "malformed"],
    ["an XML declaration behind a comment", "<!-- --><?xml version='1.0'?><a/>", "malformed"],
    ["an XML declaration within the root", "<a><?xml version='1.0'?></a>", "malformed"],
    ["a false XML declaration", "<?xml encoding='utf-8'?><a/>", "malformed"],
    ["another XML version", "<?xml version='2.0'?><a/>", "malformed"],
    ["a processing instruction named XML", "<a><?XmL x?></a>", "malformed"],
    ["a space before a name", "< a/>", "malformed"],
    ["a name that begins with a digit", "<1a/>", "malformed"],
    ["a name with two colons", "<a:b:c/>", "malformed"],
    ["an element's name with white space of JavaScript's", "<a\u1680b/>", "malformed"],
    ["an element's name with a byte order mark", "<a\uFEFFb/>", "malformed"],
    ["an attribute's name with a byte order mark", "<a b\uFEFF='1'/>", "malformed"],
    ["other markup", "<a><![INCLUDE[]]></a>", "malformed"],
    ["a duplicate attribute", `<a b="1" b="2"/>`, "duplicate-attribute"],
    [
      "an attribute twice by two prefixes",
      `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`,
      "duplicate-attribute",
    ],
    ["an unbound element prefix", "<p:a/>", "unbound-prefix"],
    ["an unbound attribute prefix", `<a p:b="1"/>`, "unbound-prefix"],
    ["a prefix out of scope", `<a><b xmlns:p="u"/><p:c/></a>`, "unbound-prefix"],
    ["a prefix bound to nothing", `<a xmlns:p=""/>`, "unbound-prefix"],
    ["the prefix xml bound again", `<a xmlns:xml="urn:x"/>`, "unbound-prefix"],
    [
      "the namespace of xml bound again",
      `<a xmlns="http://www.w3.org/XML/1998/namespace"/>`,
      "unbound-prefix",
    ],
    ["the prefix xmlns declared", `<a xmlns:xmlns="urn:x"/>`, "unbound-prefix"],
    ["an element with the prefix xmlns", "<xmlns:a/>", "unbound-prefix"],
    ["the element __proto__", "<a><__proto__/></a>", "invalid-name"],
    ["the attribute constructor", `<a constructor="1"/>`, "invalid-name"],
    ["a deep document", nested(xmlDepthMax + 1), "too-deep"],
    ["very many open elements", "<a>".repeat(100_000), "too-deep"],
    ["many elements", `<a>${"<b/>".repeat(xmlNodesMax)}</a>`, "too-many-nodes"],
    ["many comments", `<a>${"<!---->".repeat(xmlNodesMax)}</a>`, "too-many-nodes"],
    ["many processing instructions", `${"<?x?>".repeat(xmlNodesMax + 1)}<a/>`, "too-many-nodes"],
    ["many CDATA sections", `<a>${"<![CDATA[]]>".repeat(xmlNodesMax)}</a>`, "too-many-nodes"],
    [
      "many attributes",
      `<a${Array.from({ length: xmlAttributesMax + 1 }, (_, n) => ` b${n}=""`).join("")}/>`,
      "too-many-attributes",
    ],
    ["a long element name", `<${"a".repeat(xmlNameLengthMax + 1)}/>`, "name-too-long"],
    ["a long attribute name", `<a ${"a".repeat(xmlNameLengthMax + 1)}=""/>`, "name-too-long"],
    ["a large document", `<a>${" ".repeat(xmlBytesMax)}</a>`, "too-large"],
  ]
  it.each(attacks)("refuses %s", (_what, document, reason) => {
    expect(refused(document)).toMatchObject({ _tag: "XmlError", reason })
  })

  it("accepts each limit itself", () => {
    const attributes = Array.from({ length: xmlAttributesMax }, (_, n) => ` b${n}=""`).join("")
    const documents = [
      nested(xmlDepthMax),
      `<a>${"<b/>".repeat(xmlNodesMax - 1)}</a>`,
      `<a${attributes}/>`,
      `<${"a".repeat(xmlNameLengthMax)}/>`,
      `<a>${" ".repeat(xmlBytesMax - 7)}</a>`,
    ]
    for (const document of documents) expect(value(parseXml(utf8(document))).text.trim()).toBe("")
  })

  it("takes limits from the caller", () => {
    const result = parseXml(utf8("<a><b/></a>"), { limits: { xmlDepthMax: 1 } })
    expect(failure(result).reason).toBe("too-deep")
  })

  it("says where, what was expected, and nothing of the payload", () => {
    const error = refused("<a><b>secret</b><c>secret & more</c></a>")
    expect(error.path).toBe("a/c")
    expect(error.message).toBe(
      "a/c: expected &amp; &lt; &gt; &apos; &quot; or a reference to a legal character (offset 19)",
    )
  })

  it("keeps an error short for any names", () => {
    const name = "a".repeat(xmlNameLengthMax)
    expect(refused(`<${name}>`.repeat(20)).message.length).toBeLessThan(500)
  })
})
