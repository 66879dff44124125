import { refuse } from "./error.ts"

export const xmlNamespace = "http://www.w3.org/XML/1998/namespace"
const xmlnsNamespace = "http://www.w3.org/2000/xmlns/"

/**
 * The prefixes that an element declares, and the scope around it. Scopes are linked and not copied, because many
 * elements share them.
 */
export interface NamespaceScope {
  readonly declared: ReadonlyMap<string, string>
  readonly outer: NamespaceScope | undefined
}

export const rootScope: NamespaceScope = {
  declared: new Map([
    ["", ""],
    ["xml", xmlNamespace],
  ]),
  outer: undefined,
}

export function splitName(qualified: string): readonly [prefix: string, local: string] {
  const colon = qualified.indexOf(":")
  return colon === -1 ? ["", qualified] : [qualified.slice(0, colon), qualified.slice(colon + 1)]
}

/** The prefix that an attribute declares: `""` for `xmlns`. `undefined` if it is an ordinary attribute. */
export function declaredPrefix(attribute: string): string | undefined {
  if (attribute === "xmlns") return ""
  return attribute.startsWith("xmlns:") ? attribute.slice("xmlns:".length) : undefined
}

function checkDeclaration(prefix: string, namespace: string, path: string): void {
  const bindsXml = prefix === "xml" && namespace === xmlNamespace
  const reserved = namespace === xmlNamespace || namespace === xmlnsNamespace
  if ((prefix === "xml" || reserved) && !bindsXml) {
    refuse("unbound-prefix", path, "expected the prefix xml and its namespace to keep their meaning")
  }
  if (prefix === "xmlns") refuse("unbound-prefix", path, "expected no declaration of the prefix xmlns")
  if (prefix !== "" && namespace === "") {
    refuse("unbound-prefix", path, "expected a namespace for each declared prefix")
  }
}

/** The scope inside an element that declares these prefixes. */
export function innerScope(
  outer: NamespaceScope,
  declared: ReadonlyMap<string, string>,
  path: string,
): NamespaceScope {
  for (const [prefix, namespace] of declared) checkDeclaration(prefix, namespace, path)
  return declared.size === 0 ? outer : { declared, outer }
}

/** The namespace of a prefix in a scope. */
export function namespaceOf(prefix: string, scope: NamespaceScope, path: string): string {
  for (let at: NamespaceScope | undefined = scope; at !== undefined; at = at.outer) {
    const namespace = at.declared.get(prefix)
    if (namespace !== undefined) return namespace
  }
  return refuse("unbound-prefix", path, "expected each prefix to be bound to a namespace")
}
