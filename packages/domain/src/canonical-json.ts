type Json =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Json>
  | { readonly [key: string]: Json | undefined }

/**
 * The one text of a JSON value: object keys sorted by code unit, no white space, absent (`undefined`) members left out.
 * Equal values have equal text whatever order their members were written in, so it serves as identity, as the last
 * tie-break of the join, and as the bytes of a stored snapshot.
 *
 * @example canonicalJson({ b: 1, a: ["x"] }) === '{"a":["x"],"b":1}'
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`
  let members = ""
  for (const key of inOrder(Object.keys(value))) {
    const member = value[key]
    if (member === undefined) continue
    members += `${members === "" ? "" : ","}${quoted(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

/** Members are mostly written in their order already. */
const inOrder = (keys: Array<string>): ReadonlyArray<string> =>
  keys.every((key, index) => index === 0 || (keys[index - 1] ?? "") < key) ? keys : keys.sort()

const plain = /^\w*$/

const quoted = (key: string): string => (plain.test(key) ? `"${key}"` : JSON.stringify(key))
