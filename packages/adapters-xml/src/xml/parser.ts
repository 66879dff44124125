import { Result } from "effect"
import { XMLParser, type X2jOptions } from "fast-xml-parser"
import type { XmlAttribute, XmlElement } from "./element.ts"
import { decodeXmlBytes } from "./encoding.ts"
import { rootPart } from "./multipart-related.ts"
import { refuse, XmlError } from "./error.ts"
import { xmlLimits, type XmlOptions } from "./limits.ts"
import {
  declaredPrefix,
  innerScope,
  namespaceOf,
  type NamespaceScope,
  rootScope,
  splitName,
} from "./namespaces.ts"
import { decodeReferences } from "./references.ts"
import { checkWellFormed } from "./well-formed.ts"

// Keys of the library's nodes. None can be the name of an element, so documents cannot imitate them.
const textKey = "#text"
const cdataKey = "#cdata"
const attributesKey = ":@"
const attributePrefix = "@"

/** All options of the library are set so that it changes nothing: no entities, no trimming, no numbers. */
function parserOptions(xmlDepthMax: number): X2jOptions {
  return {
    preserveOrder: true,
    attributeNamePrefix: attributePrefix,
    attributesGroupName: false,
    textNodeName: textKey,
    ignoreAttributes: false,
    removeNSPrefix: false,
    allowBooleanAttributes: false,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    cdataPropName: cdataKey,
    commentPropName: false,
    tagValueProcessor: (_name, value) => value,
    attributeValueProcessor: (_name, value) => value,
    numberParseOptions: { hex: false, leadingZeros: false, eNotation: false },
    stopNodes: [],
    unpairedTags: [],
    alwaysCreateTextNode: false,
    isArray: () => false,
    processEntities: false,
    htmlEntities: false,
    entityDecoder: {
      setExternalEntities: () => {},
      addInputEntities: () => {},
      reset: () => {},
      decode: (text) => text,
      setXmlVersion: () => {},
    },
    ignoreDeclaration: true,
    ignorePiTags: true,
    transformTagName: false,
    transformAttributeName: false,
    updateTag: (name) => name,
    captureMetaData: false,
    maxNestedTags: xmlDepthMax,
    strictReservedNames: true,
    jPath: false,
    onDangerousProperty: (name) => name,
  }
}

/** A node of the library. One property names the node's kind. Another may contain the attributes. */
type OrderedNode = Readonly<Record<string, unknown>>

const nodesOf = (value: unknown): ReadonlyArray<OrderedNode> => (Array.isArray(value) ? value : [])
const stringOf = (value: unknown): string => (typeof value === "string" ? value : "")
const keyOf = (node: OrderedNode): string => Object.keys(node).find((key) => key !== attributesKey) ?? ""
const isElement = (node: OrderedNode): boolean => keyOf(node) !== textKey && keyOf(node) !== cdataKey

function textOf(node: OrderedNode): string {
  if (isElement(node)) return ""
  const text = node[textKey]
  if (text !== undefined) return decodeReferences(stringOf(text)) ?? ""
  return stringOf(nodesOf(node[cdataKey])[0]?.[textKey])
}

/**
 * The attributes of a node, before namespaces are resolved. White space in a value becomes spaces first, and then
 * references are replaced.
 */
function writtenAttributes(node: OrderedNode): ReadonlyMap<string, string> {
  const written = new Map<string, string>()
  for (const [key, value] of Object.entries(node[attributesKey] ?? {})) {
    const normalized = stringOf(value).replace(/[\t\n\r]/g, " ")
    written.set(key.slice(attributePrefix.length), decodeReferences(normalized) ?? "")
  }
  return written
}

function resolvedAttributes(
  written: ReadonlyMap<string, string>,
  scope: NamespaceScope,
  path: string,
): ReadonlyArray<XmlAttribute> {
  const attributes: Array<XmlAttribute> = []
  const seen = new Set<string>()
  for (const [qualified, value] of written) {
    if (declaredPrefix(qualified) !== undefined) continue
    const [prefix, name] = splitName(qualified)
    const namespace = prefix === "" ? "" : namespaceOf(prefix, scope, path)
    const expanded = `${name} ${namespace}`
    if (seen.has(expanded)) refuse("duplicate-attribute", path, "expected each attribute once")
    seen.add(expanded)
    attributes.push({ namespace, name, value })
  }
  return attributes
}

class TreeBuilder {
  elements = 0

  element(node: OrderedNode, outer: NamespaceScope, parentPath: string): XmlElement {
    this.elements += 1
    const qualified = keyOf(node)
    const [prefix, name] = splitName(qualified)
    const path = parentPath === "" ? name : `${parentPath}/${name}`
    const written = writtenAttributes(node)
    const declared = new Map<string, string>()
    for (const [attribute, value] of written) {
      const declaring = declaredPrefix(attribute)
      if (declaring !== undefined) declared.set(declaring, value)
    }
    const scope = innerScope(outer, declared, path)
    const inner = nodesOf(node[qualified])
    return {
      namespace: namespaceOf(prefix, scope, path),
      name,
      attributes: resolvedAttributes(written, scope, path),
      children: inner.filter(isElement).map((child) => this.element(child, scope, path)),
      text: inner.map(textOf).join(""),
    }
  }
}

/** Like {@link parseXml}, but throws the `XmlError`. */
export function readXml(bytes: Uint8Array, options: XmlOptions = {}): XmlElement {
  const limits = { ...xmlLimits, ...options.limits }
  if (bytes.length > limits.xmlBytesMax) {
    return refuse("too-large", "", `expected at most ${limits.xmlBytesMax} bytes, found ${bytes.length}`)
  }
  const part = rootPart(bytes, options.contentType)
  const { marksUnreadable } = options
  const text = decodeXmlBytes(part.bytes, { contentType: part.contentType, marksUnreadable })
  const document = checkWellFormed(text, limits)
  const nodes = nodesOf(new XMLParser(parserOptions(limits.xmlDepthMax)).parse(document.text, false))
  const builder = new TreeBuilder()
  const [root] = nodes.filter(isElement).map((node) => builder.element(node, rootScope, ""))
  // Two readers disagree about this document. An attacker could use that, so the document is refused.
  if (root === undefined || builder.elements !== document.elements) {
    return refuse("malformed", "", "expected a document that is read in one way only")
  }
  return root
}

/** Runs a reader. Anything that it throws becomes the error of the `Result`. */
export function readResult<A, E>(read: () => A, isExpected: (error: unknown) => error is E) {
  return Result.try({
    try: read,
    catch: (error): E | XmlError =>
      isExpected(error)
        ? error
        : new XmlError({ reason: "malformed", path: "", message: "expected XML that can be read" }),
  })
}

const isXmlError = (error: unknown): error is XmlError => error instanceof XmlError

/**
 * Reads one XML 1.0 document with namespaces, without a document type declaration. A document that is not
 * well-formed, or that exceeds a limit, is an `XmlError`. It never throws, and takes time linear in the
 * document's size.
 *
 * @example
 * parseXml(new TextEncoder().encode("<a xmlns='urn:x'>1 &lt; 2</a>"))
 * // success: { namespace: "urn:x", name: "a", attributes: [], children: [], text: "1 < 2" }
 */
export function parseXml(bytes: Uint8Array, options?: XmlOptions): Result.Result<XmlElement, XmlError> {
  return readResult(() => readXml(bytes, options), isXmlError)
}
