import { decimalDigitsMax, parseDecimal, type DecimalText } from "@loan-engine/domain/decimal-text"
import { DocumentType, documentTypesMax, Offer, offerDecimals } from "@loan-engine/domain/offer"
import { Schema } from "effect"
import { admitted, field, type MessageFields, present, valueOf } from "./message-fields.ts"
import { isXmlTextCheck, trimXmlSpace } from "./xml-characters.ts"
import type { XmlElement } from "./xml-element.ts"
import { refuse } from "./xml-error.ts"

/**
 * How long a decimal may be as written; more than any that is worth reading, so that long ones cost nothing.
 */
export const decimalWrittenLengthMax = 100

/** The domain's document type, less what XML cannot carry or keep. */
const XmlDocumentType = DocumentType.check(
  isXmlTextCheck,
  Schema.makeFilter((text: string) => trimXmlSpace(text) === text),
)

/**
 * The domain's offer, less what XML cannot carry or keep. A list without documents is absent: XML cannot
 * tell.
 */
export const XmlOffer = Offer.check(
  Schema.makeFilter(
    ({ documentTypes }: Offer) =>
      documentTypes === undefined ||
      (documentTypes.length > 0 && documentTypes.every(Schema.is(XmlDocumentType))),
    { message: "expected documentTypes that XML can carry, or none" },
  ),
)

const tenorExpected = "a whole number of months from 0 to 12000"
const isTenor = Schema.is(Offer.fields.tenor.schema)

function readDecimal(fields: MessageFields, name: string): DecimalText | undefined {
  const text = fields.optionalText(name)
  if (text === undefined) return undefined
  const decimal = text.length > decimalWrittenLengthMax ? undefined : parseDecimal(text)
  if (decimal !== undefined) return decimal
  const expected = `expected a decimal with at most ${decimalDigitsMax} digits on either side of its point`
  return refuse("invalid-value", fields.pathOf(name), expected)
}

function readTenor(fields: MessageFields): number | undefined {
  const decimal = readDecimal(fields, "tenor")
  if (decimal === undefined) return undefined
  const months = Number(decimal)
  return isTenor(months)
    ? months
    : refuse("invalid-value", fields.pathOf("tenor"), `expected ${tenorExpected}`)
}

/** One repeated element each, or, in case the bank wraps its list, one element each within it. */
function readDocumentTypes(fields: MessageFields): ReadonlyArray<string> | undefined {
  const path = fields.pathOf("documentTypes")
  const elements = fields
    .all("documentTypes")
    .flatMap((element) => (element.children.length > 0 ? itemsOf(element, path) : [element]))
  const texts = elements
    .map((element) => trimXmlSpace(valueOf(element, path) ?? ""))
    .filter((text) => text !== "")
  if (texts.length > documentTypesMax) {
    return refuse("invalid-value", path, `expected at most ${documentTypesMax} document types`)
  }
  const expected = "a document type's name of at most 100 characters"
  const documentTypes = texts.map((text) => admitted(text, XmlDocumentType, path, expected))
  return documentTypes.length === 0 ? undefined : documentTypes
}

function itemsOf(list: XmlElement, path: string): ReadonlyArray<XmlElement> {
  if (trimXmlSpace(list.text) !== "") refuse("unexpected-text", path, "expected no text beside elements")
  return list.children
}

/** The offer whose members stand among these fields; fields it does not know are left alone. */
export function readOffer(fields: MessageFields): Offer {
  const decimals = Object.fromEntries(offerDecimals.map((name) => [name, readDecimal(fields, name)]))
  const others = { tenor: readTenor(fields), documentTypes: readDocumentTypes(fields) }
  return present({ ...decimals, ...others })
}

/** The offer's members as elements, in the order in which the bank's page lists them. */
export function writeOffer(offer: Offer): ReadonlyArray<XmlElement> {
  const { approvedAmount, interest, tenor, documentTypes = [], ...others } = offer
  return [
    ...field("approvedAmount", approvedAmount),
    ...field("interest", interest),
    ...field("tenor", tenor),
    ...offerDecimals.flatMap((name) => (name in others ? field(name, offer[name]) : [])),
    ...documentTypes.flatMap((documentType) => field("documentTypes", documentType)),
  ]
}
