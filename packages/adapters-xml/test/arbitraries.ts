import { readDocumentName } from "@loan-engine/domain/document-names"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { offerDecimals } from "@loan-engine/domain/offer"
import { ApplicationReference } from "@loan-engine/domain/observation"
import * as fc from "fast-check"
import type { XmlElement } from "../src/xml/element.ts"

/** Any character that XML 1.0 allows. Markup characters and line ends are more frequent than in random text. */
const character = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("<", ">", "&", "]]>", "\r", "\n", "\t", '"', "'", "&amp;", "--", "<![CDATA["),
  },
  { weight: 5, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
)
const illegal = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uD800-\uDFFF\uFFFE\uFFFF]/gu
export const xmlText = (maxLength = 20) =>
  fc.array(character, { maxLength }).map((parts) => parts.join("").replace(illegal, ""))

/**
 * A non-empty text without XML white space at its ends and without U+FFFD. The reader puts U+FFFD where bytes could
 * not be decoded.
 */
export const token = (maxLength = 10) =>
  xmlText(maxLength)
    .map((text) => text.replaceAll("\uFFFD", "").replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""))
    .filter((text) => text !== "")

export const reference = fc
  .string({ unit: "binary", minLength: 1, maxLength: 60 })
  .map((text) => text.replace(/[\p{Cc}\p{Cs}\uFFFD-\uFFFF]/gu, "").trim())
  .filter((text) => text !== "")
  .map((text) => ApplicationReference.make(text))

const decimal = fc
  .tuple(fc.maxSafeNat(), fc.nat(99))
  .map(([whole, fraction]) => parseDecimal(`${whole}.${fraction}`))
  .filter((parsed) => parsed !== undefined)

/** A valid rate with three digits after the point. Such digits could also be read as thousands. */
const rate = fc
  .tuple(fc.nat(999), fc.nat(999))
  .map(([whole, fraction]) => parseDecimal(`${whole}.${String(fraction).padStart(3, "0")}`))
  .filter((parsed) => parsed !== undefined)

const offer = fc.record(
  {
    ...(Object.fromEntries(
      offerDecimals.map((name) => [
        name,
        name === "interest" || name === "effectiveInterest" ? rate : fc.oneof(rate, decimal),
      ]),
    ) as Record<(typeof offerDecimals)[number], typeof decimal>),
    tenor: fc.integer({ min: 1, max: 12_000 }),
    documentTypes: fc.array(
      token().filter((text) => readDocumentName(text) !== undefined),
      { minLength: 1, maxLength: 5 },
    ),
  },
  { requiredKeys: [] },
)

export const decisionResult = fc.record({
  applicationReference: reference,
  decision: fc.constantFrom("APPROVED" as const, "REJECTED" as const, "MANUAL_INSPECTION" as const),
  offer,
})

const name = fc.constantFrom("a", "b", "Body", "toString", "valueOf", "hasOwnProperty", "é-1.x", "\u{10400}")
const namespace = fc.constantFrom("", "urn:a", "urn:b?x=<&\"'>", "http://www.w3.org/XML/1998/namespace")

const attributes = fc.uniqueArray(fc.record({ namespace, name, value: xmlText() }), {
  selector: (attribute) => `${attribute.name} ${attribute.namespace}`,
  maxLength: 3,
})

/** Any tree, with text before its children. */
export const tree: fc.Arbitrary<XmlElement> = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc.record({
    namespace,
    name,
    attributes,
    children: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constant([]),
      fc.array(tie("tree"), { maxLength: 3 }),
    ),
    text: xmlText(),
  }),
})).tree
