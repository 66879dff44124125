import { readFault, type SoapFault, writeFault } from "./soap-fault.ts"
import { trimXmlSpace } from "./xml/characters.ts"
import { parentElement, type XmlElement } from "./xml/element.ts"
import { refuse } from "./xml/error.ts"
import type { XmlOptions } from "./xml/limits.ts"
import { readXml } from "./xml/parser.ts"
import { printXml } from "./xml/writer.ts"

/** The namespace of the bank's operation elements. Their children have no namespace. */
export const messageNamespace = "http://consumerloan.resurs.com/v1/msg/application"

/** The namespace of SOAP 1.1, which the bank uses. It is also the one that is written. */
const soap11Namespace = "http://schemas.xmlsoap.org/soap/envelope/"
const soapNamespaces: ReadonlySet<string> = new Set([
  soap11Namespace,
  "http://www.w3.org/2003/05/soap-envelope",
])
const soapPrefix = "soap"

/**
 * The actors (SOAP 1.1) and roles (SOAP 1.2) that mean the reader of the message. A header for any other actor is
 * ignored.
 */
const ourActors: ReadonlySet<string> = new Set([
  "",
  "http://schemas.xmlsoap.org/soap/actor/next",
  "http://www.w3.org/2003/05/soap-envelope/role/next",
  "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
])
const notDemanding: ReadonlySet<string> = new Set(["0", "false", ""])
const prefixes: ReadonlyMap<string, string> = new Map([
  [soap11Namespace, soapPrefix],
  [messageNamespace, "app"],
])

/**
 * Whether an element belongs to the bank's messages. It is in the bank's namespace, or in none, as in the examples on
 * the bank's page.
 */
export function isMessageElement(element: XmlElement): boolean {
  return element.namespace === messageNamespace || element.namespace === ""
}

function withoutText(element: XmlElement, path: string): XmlElement {
  if (trimXmlSpace(element.text) !== "") refuse("unexpected-text", path, "expected no text beside elements")
  return element
}

function soapAttribute(header: XmlElement, soap: string, ...names: ReadonlyArray<string>): string {
  const found = header.attributes.find(({ namespace, name }) => namespace === soap && names.includes(name))
  return trimXmlSpace(found?.value ?? "")
}

/**
 * Refuses a message that has a header with mustUnderstand (SOAP 1.1, section 4.2.3). Such a header may change the
 * meaning of the message, and no header is supported. Other headers are ignored.
 */
function checkHeaders({ children, name, namespace }: XmlElement): void {
  const blocks = children
    .filter((child) => child.namespace === namespace && child.name === "Header")
    .flatMap((header) => header.children)
  for (const block of blocks) {
    if (!ourActors.has(soapAttribute(block, namespace, "actor", "role"))) continue
    if (notDemanding.has(soapAttribute(block, namespace, "mustUnderstand"))) continue
    refuse(
      "header-not-understood",
      `${name}/Header/${block.name}`,
      "expected no header that must be understood",
    )
  }
}

function bodyOf(envelope: XmlElement): XmlElement {
  const { children, name } = withoutText(envelope, envelope.name)
  const bodies = children.filter((child) => child.namespace === envelope.namespace && child.name === "Body")
  const [body] = bodies
  if (body === undefined) return refuse("missing-element", `${name}/Body`, "expected a Body")
  if (bodies.length > 1) return refuse("duplicate-element", `${name}/Body`, "expected one Body")
  return withoutText(body, `${name}/Body`)
}

function contentOf(envelope: XmlElement): XmlElement {
  checkHeaders(envelope)
  const path = `${envelope.name}/Body`
  const [content, ...others] = bodyOf(envelope).children
  if (content === undefined) return refuse("missing-element", path, "expected an operation or a Fault")
  if (others.length > 0) return refuse("duplicate-element", path, "expected one operation or Fault")
  if (content.name === "Fault" && content.namespace === envelope.namespace) throw readFault(content)
  return content
}

/**
 * Reads the operation element of a document. It may be in an envelope of SOAP 1.1 or 1.2, or without an envelope, as
 * on the bank's page. It throws an `XmlError`. If the document contains a fault instead, it throws that `SoapFault`.
 */
export function readOperation(bytes: Uint8Array, options?: XmlOptions): XmlElement {
  const root = readXml(bytes, { ...options, marksUnreadable: true })
  const enveloped = soapNamespaces.has(root.namespace) && root.name === "Envelope"
  const operation = enveloped ? contentOf(root) : root
  if (isMessageElement(operation)) return operation
  return refuse("unexpected-element", operation.name, `expected the namespace ${messageNamespace}`)
}

function envelope(content: XmlElement): Uint8Array {
  const body = parentElement("Body", [content], soap11Namespace)
  const root = parentElement("Envelope", [body], soap11Namespace)
  return new TextEncoder().encode(printXml(root, prefixes))
}

/** Writes a SOAP 1.1 envelope with an operation and these children, in UTF-8. */
export function writeOperation(name: string, children: ReadonlyArray<XmlElement>): Uint8Array {
  return envelope(parentElement(name, children, messageNamespace))
}

/** Writes a SOAP 1.1 envelope with a fault. A server sends it with HTTP status 500. */
export function encodeSoapFault(fault: SoapFault): Uint8Array {
  return envelope(writeFault(fault, soap11Namespace, soapPrefix))
}
