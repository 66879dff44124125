import type { DecimalText } from "@loan-engine/domain/decimal-text"
import type { DetailReader } from "@loan-engine/domain/detail"
import { holdsDocuments, readDocumentName, readDocumentNames } from "@loan-engine/domain/document-names"
import { DocumentType, Offer, offerDecimals } from "@loan-engine/domain/offer"
import { readOfferDecimal, readTenor, writeDecimal } from "@loan-engine/domain/written-decimal"
import { Schema } from "effect"
import { foldedName } from "./bank-word.ts"
import { detailText, field, type MessageFields, noteStray, present, readDetail } from "./message-fields.ts"
import { isXmlTextCheck, trimXmlSpace } from "./xml/characters.ts"
import type { XmlElement } from "./xml/element.ts"

/**
 * The domain's document type, without what XML cannot contain or would change. A text that would be read as no name,
 * or as several names, is not allowed either.
 */
const XmlDocumentType = DocumentType.check(
  isXmlTextCheck,
  Schema.makeFilter((text: string) => trimXmlSpace(text) === text && readDocumentName(text) !== undefined),
)

/**
 * The domain's offer, without what XML cannot contain or would change. An empty list of documents is not allowed,
 * because in XML it looks like an absent list.
 */
export const XmlOffer = Offer.check(
  Schema.makeFilter(
    ({ documentTypes }: Offer) =>
      documentTypes === undefined ||
      (documentTypes.length > 0 && documentTypes.every(Schema.is(XmlDocumentType))),
    { message: "expected documentTypes that XML can carry, or none" },
  ),
)

/**
 * Reads the documents. There is one element for each document. If the bank wraps its list, these elements are inside
 * the wrapper. If two places have different lists, the list is not clear.
 */
function readDocumentTypes(
  levels: ReadonlyArray<MessageFields>,
  details: DetailReader,
): ReadonlyArray<string> | undefined {
  const lists = levels.map((fields) => fields.all("documentTypes")).filter((elements) => elements.length > 0)
  if (lists.length === 0) {
    noteStray(levels, "documentTypes", details)
    return undefined
  }
  const read = lists.map(documentTypesIn)
  const [names] = read
  const isOne = new Set(read.map((each) => JSON.stringify(each))).size === 1
  const found = details.read("documentTypes", isOne ? names : undefined)
  return found === undefined || found.length === 0 ? undefined : found
}

function documentTypesIn(elements: ReadonlyArray<XmlElement>): ReadonlyArray<string> | undefined {
  const isList = elements.every(
    ({ children, text }) => children.length === 0 || (trimXmlSpace(text) === "" && isListOfNames(children)),
  )
  const texts = elements
    .flatMap((element) => (element.children.length > 0 ? element.children : [element]))
    .map(detailText)
  const [only, ...others] = texts
  if (!isList || texts.includes(undefined)) return undefined
  return typeof only === "string" && only !== "" && others.length === 0
    ? readDocumentName(only)
    : readDocumentNames(texts)
}

/** Whether each element is one document's name. All must have the same tag, and it must be a tag for such names. */
const isListOfNames = (elements: ReadonlyArray<XmlElement>): boolean => {
  const [name = "", ...others] = new Set(elements.map((element) => foldedName(element.name)))
  return others.length === 0 && holdsDocuments(name)
}

/**
 * Reads the offer whose members are in any of these fields. Members that cannot be read are left out, and unknown
 * members are ignored.
 */
export function readOffer(levels: ReadonlyArray<MessageFields>, details: DetailReader): Offer {
  const decimals = Object.fromEntries(
    offerDecimals.map((name) => [
      name,
      readDetail(levels, name, details, (text) => readOfferDecimal(name, { text })),
    ]),
  )
  const tenor = readDetail(levels, "tenor", details, (text) => readTenor({ text }))
  return present({ ...decimals, tenor, documentTypes: readDocumentTypes(levels, details) })
}

const decimalField = (name: string, decimal: DecimalText | undefined): ReadonlyArray<XmlElement> =>
  field(name, decimal === undefined ? undefined : writeDecimal(decimal))

/** Writes the offer's members as elements, in the order of the bank's page. */
export function writeOffer(offer: Offer): ReadonlyArray<XmlElement> {
  const { approvedAmount, interest, tenor, documentTypes = [], ...others } = offer
  return [
    ...decimalField("approvedAmount", approvedAmount),
    ...decimalField("interest", interest),
    ...field("tenor", tenor),
    ...offerDecimals.flatMap((name) => (name in others ? decimalField(name, offer[name]) : [])),
    ...documentTypes.flatMap((documentType) => field("documentTypes", documentType)),
  ]
}
