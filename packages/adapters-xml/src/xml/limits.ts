/** The limits of a document. Every limit is checked before a tree is built. */
export interface XmlLimits {
  /** The document's size in bytes, as received. */
  readonly xmlBytesMax: number
  /** How deep elements may nest; the root is at depth 1. */
  readonly xmlDepthMax: number
  /** Elements, runs of text, CDATA sections, comments and processing instructions together. */
  readonly xmlNodesMax: number
  /** Attributes of one element, namespace declarations included. */
  readonly xmlAttributesMax: number
  /** The length of an element's or attribute's name, its prefix included, in UTF-16 code units. */
  readonly xmlNameLengthMax: number
}

export const xmlLimits: XmlLimits = {
  xmlBytesMax: 1_048_576,
  xmlDepthMax: 32,
  xmlNodesMax: 10_000,
  xmlAttributesMax: 64,
  xmlNameLengthMax: 256,
}

/** What is known about a document besides its bytes. */
export interface XmlOptions {
  readonly limits?: Partial<XmlLimits>
  /** The Content-Type header of the document. Its `charset` has priority over the XML declaration. */
  readonly contentType?: string
  /**
   * If set, bytes in no known encoding do not fail the document: the domain's `unreadableMark` replaces each of them.
   * Otherwise such a document is refused, as XML requires.
   */
  readonly marksUnreadable?: boolean
}
