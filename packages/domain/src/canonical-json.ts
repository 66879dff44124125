type Json =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Json>
  | { readonly [key: string]: Json | undefined }

/**
 * The canonical text of a JSON value. Object keys are sorted by code unit, there is no white space, and members that
 * are `undefined` are left out. So equal values have equal text, even if their members are in another order. The text
 * serves as identity, as the last tie-break of the join, and as the bytes of a stored snapshot.
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

/** Most objects have sorted members already, so sorting is rare. */
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
