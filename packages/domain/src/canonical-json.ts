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
  const members: Array<string> = []
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`)
  }
  return `{${members.join(",")}}`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)
