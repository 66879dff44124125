type Json =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Json>
  | { readonly [key: string]: Json | undefined }

/**
 * The one text of a JSON value: object keys sorted by code unit, no white space, absent (`undefined`) members left out.
 * Equal values have equal text, in any order of their members. So the text serves as identity, as the last
 * tie-break of the join, and as the bytes of a stored snapshot.
 *
 * @example canonicalJson({ b: 1, a: ["x"] }) === '{"a":["x"],"b":1}'
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (isList(value)) return items(value)
  let members = ""
  for (const key of inOrder(Object.keys(value))) {
    const member = value[key]
    if (member === undefined) continue
    members += `${members === "" ? "" : ","}${quoted(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

function items(list: ReadonlyArray<Json>): string {
  let text = ""
  for (const item of list) text += `${text === "" ? "" : ","}${canonicalJson(item)}`
  return `[${text}]`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

/** Most objects have their members in this order already. */
function inOrder(keys: Array<string>): ReadonlyArray<string> {
  let before = ""
  for (const key of keys) {
    if (key < before) return keys.sort()
    before = key
  }
  return keys
}

const plain = /^\w*$/

const quoted = (key: string): string => (plain.test(key) ? `"${key}"` : JSON.stringify(key))
