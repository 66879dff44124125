/**
 * An attribute; namespace declarations are resolved and no longer among them. Without a prefix its namespace
 * is `""`.
 */
export interface XmlAttribute {
  readonly namespace: string
  readonly name: string
  readonly value: string
}

/** An element with its namespace resolved (`""` for none), whatever prefix it was written with. */
export interface XmlElement {
  readonly namespace: string
  /** The local name, without prefix. */
  readonly name: string
  readonly attributes: ReadonlyArray<XmlAttribute>
  readonly children: ReadonlyArray<XmlElement>
  /** All text directly within it, CDATA included, comments left out, references replaced, in one piece. */
  readonly text: string
  /** Asks the writer for CDATA instead of escapes; a reader sees the same text. */
  readonly cdata?: true
}

/** An element of no namespace that holds text. */
export function textElement(name: string, text: string): XmlElement {
  return { namespace: "", name, attributes: [], children: [], text }
}

/** An element that holds elements; of no namespace unless one is given. */
export function parentElement(name: string, children: ReadonlyArray<XmlElement>, namespace = ""): XmlElement {
  return { namespace, name, attributes: [], children, text: "" }
}
