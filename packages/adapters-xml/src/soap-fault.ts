import { Schema } from "effect"
import { isXmlTextCheck, trimXmlSpace } from "./xml/characters.ts"
import { parentElement, textElement, type XmlElement } from "./xml/element.ts"

/** The maximum lengths of a fault's code, text and detail, in UTF-16 code units. Longer texts are shortened. */
export const faultCodeLengthMax = 100
export const faultTextLengthMax = 2_000

const faultText = (lengthMax: number) => Schema.String.check(isXmlTextCheck, Schema.isMaxLength(lengthMax))

/**
 * A SOAP fault: the bank refused a request, or could not answer. A fault says nothing about a loan. `code` has no
 * prefix and is a word of SOAP 1.1. Usually it is `Client` (the request is wrong) or `Server` (the bank failed, so
 * retry).
 */
export class SoapFault extends Schema.TaggedError<SoapFault>()("SoapFault", {
  code: faultText(faultCodeLengthMax),
  text: faultText(faultTextLengthMax),
  detail: Schema.optionalKey(faultText(faultTextLengthMax)),
}) {
  override get message(): string {
    return `SOAP fault ${this.code}: ${this.text}`
  }
}

/** For two codes of SOAP 1.2, the names in SOAP 1.1. */
const codesOfSoap12: ReadonlyMap<string, string> = new Map([
  ["Sender", "Client"],
  ["Receiver", "Server"],
])

/** The beginning of a text. It never ends within a surrogate pair. */
function clip(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const splits = /[\uD800-\uDBFF]/.test(text.charAt(lengthMax - 1))
  return text.slice(0, splits ? lengthMax - 1 : lengthMax)
}

function descend(element: XmlElement, ...names: ReadonlyArray<string>): XmlElement | undefined {
  let at: XmlElement | undefined = element
  for (const name of names) at = at?.children.find((child) => child.name === name)
  return at
}

function leaves(element: XmlElement): ReadonlyArray<string> {
  const own = trimXmlSpace(element.text)
  const named = own === "" ? [] : [`${element.name}: ${own}`]
  return [...named, ...element.children.flatMap(leaves)]
}

function detailOf(element: XmlElement): string {
  const parts = [trimXmlSpace(element.text), ...element.children.flatMap(leaves)]
  return parts.filter((part) => part !== "").join("; ")
}

/**
 * Reads a `Fault` element of SOAP 1.1 (`faultcode`, `faultstring`, `detail`) or 1.2 (`Code`, `Reason`, `Detail`). A
 * fault without a code or text is accepted too.
 */
export function readFault(fault: XmlElement): SoapFault {
  const code = descend(fault, "faultcode") ?? descend(fault, "Code", "Value")
  const text = descend(fault, "faultstring") ?? descend(fault, "Reason", "Text")
  const detail = descend(fault, "detail") ?? descend(fault, "Detail")
  const qualified = trimXmlSpace(code?.text ?? "")
  const local = qualified.slice(qualified.lastIndexOf(":") + 1)
  const said = clip(detail === undefined ? "" : detailOf(detail), faultTextLengthMax)
  return new SoapFault({
    code: clip(codesOfSoap12.get(local) ?? local, faultCodeLengthMax),
    text: clip(trimXmlSpace(text?.text ?? ""), faultTextLengthMax),
    ...(said === "" ? {} : { detail: said }),
  })
}

/** Writes a fault as a SOAP 1.1 `Fault` element in this namespace. The envelope must declare the prefix. */
export function writeFault(fault: SoapFault, namespace: string, prefix: string): XmlElement {
  const detail = fault.detail === undefined ? [] : [textElement("detail", fault.detail)]
  const code = textElement("faultcode", `${prefix}:${fault.code}`)
  return parentElement("Fault", [code, textElement("faultstring", fault.text), ...detail], namespace)
}
