import fc from "fast-check"
import type { Description, JsonSchema } from "./description.ts"
import { resolved } from "./description.ts"

/** Values that match a schema's type, length and pattern. */
export function valueOf(description: Description, given: JsonSchema): fc.Arbitrary<unknown> {
  const schema = resolved(description, given)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valueOf(description, each)))
  switch (schema.type) {
    case "string":
      return textOf(schema)
    case "integer":
      return fc.integer({ min: 0, max: 10_000 })
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "array":
      return fc.array(valueOf(description, schema.items ?? {}), { maxLength: 3 })
    case "object":
      return objectOf(description, schema)
    case undefined:
    default:
      return fc.jsonValue()
  }
}

function textOf({ pattern, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  const isMeant = new RegExp(pattern ?? "", "u")
  const text = fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: "grapheme" })
  const digits = fc.integer({ min: 1, max: 400 }).map(String)
  const word = fc.constantFrom("fuzzed", "default", "a-b.c")
  return fc.oneof(text, digits, word).filter((each) => isMeant.test(each) && each.length <= maxLength)
}

function objectOf(description: Description, { properties = {}, required = [] }: JsonSchema) {
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, schema] of Object.entries(properties)) members[name] = valueOf(description, schema)
  return fc.record(members, { requiredKeys: required.filter((name) => name in members) })
}

/** Wrong JSON: a member is missing, additional or changed, or the text is not JSON. */
export const broken = (meant: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.string({ unit: "binary" }),
    fc.tuple(meant, fc.string(), fc.jsonValue()).map(([value, name, other]) => {
      const object = typeof value === "object" && value !== null ? value : {}
      return JSON.stringify({ ...object, [name]: other })
    }),
    fc.tuple(meant, fc.nat(20), fc.jsonValue()).map(([value, place, other]) => {
      const entries = Object.entries(typeof value === "object" && value !== null ? value : {})
      const changed = entries.map(([name, each], index) => [name, index === place % 7 ? other : each])
      return JSON.stringify(Object.fromEntries(changed))
    }),
    meant.map((value) => JSON.stringify(value).slice(0, -1)),
  )
