/** An attribute. Namespace declarations are resolved and not included. Without a prefix its namespace is `""`. */
export interface XmlAttribute {
  readonly namespace: string
  readonly name: string
  readonly value: string
}

/** An element with its namespace resolved (`""` for none). The prefix is not kept. */
export interface XmlElement {
  readonly namespace: string
  /** The local name, without prefix. */
  readonly name: string
  readonly attributes: ReadonlyArray<XmlAttribute>
  readonly children: ReadonlyArray<XmlElement>
  /** All text directly in the element as one string: with CDATA, without comments, with references replaced. */
  readonly text: string
  /** Tells the writer to use CDATA instead of escapes. A reader sees the same text. */
  readonly cdata?: true
}

/** An element without a namespace that contains text. */
export function textElement(name: string, text: string): XmlElement {
  return { namespace: "", name, attributes: [], children: [], text }
}

/** An element that contains elements. It has no namespace unless one is given. */
export function parentElement(name: string, children: ReadonlyArray<XmlElement>, namespace = ""): XmlElement {
  return { namespace, name, attributes: [], children, text: "" }
}
