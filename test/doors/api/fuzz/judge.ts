import { Ajv2020 } from "ajv/dist/2020.js"
import type { Description, DescribedAnswer, JsonSchema } from "./description.ts"

/** The answer to one request. */
export interface Answer {
  readonly method: string
  /** The path as in the description, with the names of its parameters in braces. */
  readonly path: string
  readonly status: number
  readonly headers: Headers
  /** `undefined` for a stream, because it has no end. */
  readonly body: string | undefined
}

/** How an answer differs from the description. `undefined` if it does not differ. */
export type Judge = (answer: Answer) => string | undefined

/** Checks answers against the description alone: the status, the content type, the headers and the body. */
export function makeJudge(description: Description): Judge {
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: true })
  ajv.addSchema({ $id: "api", components: description.components })
  const fits = (schema: JsonSchema, value: unknown): boolean =>
    ajv.validate(
      JSON.parse(JSON.stringify(schema).replaceAll("#/components", "api#/components")) as object,
      value,
    )

  const bodyFault = ({ content }: DescribedAnswer, { headers, body }: Answer): string | undefined => {
    const type = headers.get("content-type")?.split(";")[0]?.trim() ?? ""
    if (content === undefined) return body === "" ? undefined : "a body where none is described"
    const described = content[type]
    if (described === undefined) return `the content type "${type}" is not described`
    if (body === undefined || !type.endsWith("json")) return undefined
    return fits(described.schema, parsed(body)) ? undefined : `the body is not as described: ${body}`
  }

  return (answer) => {
    const { method, path, status, headers, body } = answer
    if (status >= 500) return `it failed: ${status} ${body}`
    const item = description.paths[path] ?? {}
    const operation = item[method.toLowerCase()] ?? (method === "HEAD" ? item["get"] : undefined)
    if (operation === undefined) return refusalFault(Object.keys(item), answer)
    const described = operation.responses[String(status)]
    if (described === undefined) return `the status ${status} is not described`
    for (const [name, { required }] of Object.entries(described.headers ?? {}))
      if (required && !headers.has(name)) return `the header ${name} is missing`
    return method === "HEAD" ? undefined : bodyFault(described, answer)
  }
}

/** A method that is not in the description is refused, and the refusal names the allowed methods. */
function refusalFault(methods: ReadonlyArray<string>, { status, headers }: Answer): string | undefined {
  const allow = (headers.get("allow") ?? "").split(", ").map((method) => method.toLowerCase())
  if (status !== 405) return `an undescribed method was answered ${status}`
  return methods.every((method) => allow.includes(method)) ? undefined : `it allows ${allow.join()}`
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
