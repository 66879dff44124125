/** How much a document may hold. Every limit is checked before a tree is built. */
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
  /** The Content-Type header it came with; its `charset` goes before what the document declares. */
  readonly contentType?: string
  /**
   * Reads a document of which some bytes are in no encoding that is known: the domain's `unreadableMark` stands for each. Without it such a
   * document is refused, as XML says.
   */
  readonly marksUnreadable?: boolean
}
