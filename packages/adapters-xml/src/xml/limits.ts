/** The limits of a document. All are checked before a tree is built. */
export interface XmlLimits {
  /** The document's size in bytes, as received. */
  readonly xmlBytesMax: number
  /** How deep elements may be nested. The root has depth 1. */
  readonly xmlDepthMax: number
  /** How many nodes there may be: elements, texts, CDATA sections, comments and processing instructions together. */
  readonly xmlNodesMax: number
  /** How many attributes one element may have, including namespace declarations. */
  readonly xmlAttributesMax: number
  /** The maximum length of an element's or attribute's name with its prefix, in UTF-16 code units. */
  readonly xmlNameLengthMax: number
}

export const xmlLimits: XmlLimits = {
  xmlBytesMax: 1_048_576,
  xmlDepthMax: 32,
  xmlNodesMax: 10_000,
  xmlAttributesMax: 64,
  xmlNameLengthMax: 256,
}

/** Options for reading a document. */
export interface XmlOptions {
  readonly limits?: Partial<XmlLimits>
  /** The Content-Type header of the document. Its `charset` has priority over the XML declaration. */
  readonly contentType?: string
  /**
   * If true, the domain's `unreadableMark` replaces bytes that are not valid in any named encoding. Otherwise such a
   * document is refused, as XML requires.
   */
  readonly marksUnreadable?: boolean
}
