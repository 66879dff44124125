/**
 * An attribute. Namespace declarations are resolved and are no attributes here. An attribute without a prefix has the
 * namespace `""`.
 */
export interface XmlAttribute {
  readonly namespace: string
  readonly name: string
  readonly value: string
}

/** An element with its namespace, which is `""` if it has none. The prefix is not kept. */
export interface XmlElement {
  readonly namespace: string
  /** The local name, without prefix. */
  readonly name: string
  readonly attributes: ReadonlyArray<XmlAttribute>
  readonly children: ReadonlyArray<XmlElement>
  /**
   * All text directly in the element, as one string. CDATA is included, comments are not, and references are
   * replaced.
   */
  readonly text: string
  /** If set, the writer uses CDATA instead of escapes. Readers see no difference. */
  readonly cdata?: true
}

/** Makes an element with text and without a namespace. */
export function textElement(name: string, text: string): XmlElement {
  return { namespace: "", name, attributes: [], children: [], text }
}

/** Makes an element with child elements. By default, it has no namespace. */
export function parentElement(name: string, children: ReadonlyArray<XmlElement>, namespace = ""): XmlElement {
  return { namespace, name, attributes: [], children, text: "" }
}
