import { Result } from "effect"
import { isNcName, isXmlText } from "./characters.ts"
import type { XmlElement } from "./element.ts"
import { refuse, XmlError } from "./error.ts"
import { xmlNamespace } from "./namespaces.ts"
import { escapeAttribute, escapeCdata, escapeText } from "./references.ts"

/** The prefix to write for each namespace. Other namespaces get `ns1`, `ns2` and so on. */
export type PreferredPrefixes = ReadonlyMap<string, string>

function collectNamespaces(element: XmlElement, into: Set<string>): void {
  into.add(element.namespace)
  for (const attribute of element.attributes) into.add(attribute.namespace)
  for (const child of element.children) collectNamespaces(child, into)
}

function prefixesFor(root: XmlElement, preferred: PreferredPrefixes): ReadonlyMap<string, string> {
  const namespaces = new Set<string>()
  collectNamespaces(root, namespaces)
  namespaces.delete("")
  namespaces.delete(xmlNamespace)
  const others = [...namespaces].filter((namespace) => !preferred.has(namespace))
  return new Map([
    [xmlNamespace, "xml"],
    ...[...preferred].filter(([namespace]) => namespaces.has(namespace)),
    ...others.map((namespace, index): [string, string] => [namespace, `ns${index + 1}`]),
  ])
}

class Writer {
  readonly prefixes: ReadonlyMap<string, string>

  constructor(prefixes: ReadonlyMap<string, string>) {
    this.prefixes = prefixes
  }

  name(namespace: string, name: string, path: string): string {
    if (!isNcName(name)) refuse("invalid-name", path, "expected a valid XML name")
    const prefix = this.prefixes.get(namespace)
    return prefix === undefined ? name : `${prefix}:${name}`
  }

  checked(text: string, path: string): string {
    if (isXmlText(text)) return text
    return refuse("invalid-character", path, "expected text without characters that XML cannot carry")
  }

  declarations(): string {
    return [...this.prefixes]
      .filter(([namespace]) => namespace !== xmlNamespace)
      .map(([namespace, prefix]) => ` xmlns:${prefix}="${escapeAttribute(this.checked(namespace, ""))}"`)
      .join("")
  }

  element(element: XmlElement, parentPath: string, declarations: string): string {
    const path = parentPath === "" ? element.name : `${parentPath}/${element.name}`
    const name = this.name(element.namespace, element.name, path)
    const attributes = element.attributes
      .map(({ namespace, name, value }) => {
        const escaped = escapeAttribute(this.checked(value, path))
        return ` ${this.name(namespace, name, path)}="${escaped}"`
      })
      .join("")
    const text = this.checked(element.text, path)
    const escaped = element.cdata === true ? escapeCdata(text) : escapeText(text)
    const children = element.children.map((child) => this.element(child, path, "")).join("")
    return `<${name}${declarations}${attributes}>${escaped}${children}</${name}>`
  }
}

/** Like {@link writeXml}, but throws the `XmlError`. */
export function printXml(root: XmlElement, preferred: PreferredPrefixes = new Map()): string {
  const writer = new Writer(prefixesFor(root, preferred))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writer.element(root, "", writer.declarations())}`
}

/**
 * Writes a document without added white space. The text of an element comes before its children. The output is always
 * well-formed. Characters are escaped where necessary. If XML 1.0 cannot contain a character at all (control
 * characters, lone surrogates), the result is an `XmlError` with the reason `invalid-character`. No character is ever
 * dropped or replaced.
 */
export function writeXml(root: XmlElement, preferred?: PreferredPrefixes): Result.Result<string, XmlError> {
  return Result.try({
    try: () => printXml(root, preferred),
    catch: (error) =>
      error instanceof XmlError
        ? error
        : new XmlError({ reason: "too-deep", path: "", message: "expected a tree that can be written" }),
  })
}
