import type { XmlElement } from "@loan-engine/adapters-xml/xml/element"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import { writeXml } from "@loan-engine/adapters-xml/xml/writer"
import { Result } from "effect"
import * as fc from "fast-check"
import type { Decoder } from "./decoders.ts"
import { seeds } from "./seeds.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const fragments: Readonly<Record<Decoder["language"], ReadonlyArray<string>>> = {
  xml: [
    "<",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "&",
    "&#0;",
    "<!DOCTYPE a [",
    " xmlns=''",
    "'",
    "\uFEFF",
  ],
  json: [
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "\\u",
    "\\ud800",
    "1e999",
    "-",
    "null",
    '{"a":',
    "/*",
    "\uFEFF",
    "\u0000",
  ],
  text: ["Basic", "Bearer", " ", "=", ",", ":", "\u0000", "\r\n"],
}

/** Damages the bytes: removes some, inserts some, cuts off the end, or joins two documents. */
export function damagedBytes(language: Decoder["language"]): fc.Arbitrary<Uint8Array> {
  const seed = fc.constantFrom(...seeds[language])
  const insert = fc.oneof(fc.constantFrom(...fragments[language]).map(utf8), fc.uint8Array({ maxLength: 4 }))
  const edit = fc.record({ at: fc.nat(), remove: fc.nat(8), insert })
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 })
  return fc.oneof(
    fc.tuple(seed, edits).map(([bytes, list]) => list.reduce(edited, bytes)),
    fc.tuple(seed, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1))),
    fc.tuple(seed, seed, fc.nat()).map(([one, other, at]) => edited(one, { at, remove: 0, insert: other })),
    fc.array(fc.constantFrom(...fragments[language]), { maxLength: 40 }).map((parts) => utf8(parts.join(""))),
    fc.uint8Array({ maxLength: 300 }),
  )
}

interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: Uint8Array
}

function edited(bytes: Uint8Array, { at, remove, insert }: Edit): Uint8Array {
  const from = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)])
}

const hostileText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "true",
    "1e999",
    "-0",
    "0x10",
    "9".repeat(400),
    "<a/>",
    "]]>",
    "__proto__",
    "\u202E",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
)

type Change = (element: XmlElement) => ReadonlyArray<XmlElement>

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>(() => []),
  fc.constant<Change>((element) => [element, element]),
  fc.nat(40).map((depth): Change => (element) => [wrapped(element, depth)]),
  hostileText.map((text): Change => (element) => [{ ...element, text }]),
  fc
    .constantFrom("Body", "Fault", "Header", "toString", "paidOut", "decision")
    .map((name): Change => (element) => [{ ...element, name }]),
  fc
    .constantFrom("", "urn:x", "http://www.w3.org/XML/1998/namespace")
    .map((namespace): Change => (element) => [{ ...element, namespace }]),
  fc
    .record({
      namespace: fc.constantFrom(
        "",
        "http://www.w3.org/2001/XMLSchema-instance",
        "http://schemas.xmlsoap.org/soap/envelope/",
      ),
      name: fc.constantFrom("nil", "mustUnderstand", "type", "id"),
      value: hostileText,
    })
    .map((attribute): Change => (element) => [
      { ...element, attributes: [...element.attributes, attribute] },
    ]),
)

function wrapped(element: XmlElement, depth: number): XmlElement {
  let outer = element
  for (let level = 0; level < depth; level += 1) outer = { ...element, children: [outer], text: "" }
  return outer
}

/** The tree after a change of one element. `at` counts the elements from the root. */
function changedAt(root: XmlElement, at: number, change: Change): XmlElement {
  let index = -1
  const target = at % countOf(root)
  const visit = (element: XmlElement): ReadonlyArray<XmlElement> => {
    index += 1
    if (index === target) return change(element)
    return [{ ...element, children: element.children.flatMap(visit) }]
  }
  return visit(root)[0] ?? root
}

const countOf = ({ children }: XmlElement): number =>
  children.reduce((count, child) => count + countOf(child), 1)

/**
 * Well-formed documents with a wrong structure. An element is missing, doubled, nested, renamed, in another
 * namespace, or has another text.
 */
export const reshapedXml: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...seeds.xml.map((bytes) => Result.getOrThrow(parseXml(bytes)))),
    fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }),
  )
  .map(([root, changes]) => {
    const tree = changes.reduce((at, [position, change]) => changedAt(at, position, change), root)
    return Result.match(writeXml(tree), { onFailure: () => utf8("<a/>"), onSuccess: utf8 })
  })

const jsonText = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "1e999",
    "-0.0",
    "0.1000",
    `"${"x".repeat(200)}"`,
    '"\\ud800"',
    '{"__proto__":{"a":1}}',
    '["ID",null]',
  ),
  fc.nat(40).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
)

/** Well-formed documents in which a member has another value or occurs twice. */
export const reshapedJson: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...seeds.json.map((bytes) => Buffer.from(bytes).toString())),
    fc.nat(),
    jsonText,
    fc.constantFrom("replace", "double"),
  )
  .map(([text, at, value, how]) => {
    const members = [...text.matchAll(/"(?<name>[^"\\]+)"\s*:\s*(?:"[^"]*"|[0-9.]+)/gu)]
    const { 0: whole = "", index = 0, groups } = members[at % members.length] ?? {}
    const member = `"${groups?.["name"]}":${value}`
    const changed = how === "replace" ? member : `${member},${whole}`
    return utf8(text.slice(0, index) + changed + text.slice(index + whole.length))
  })
