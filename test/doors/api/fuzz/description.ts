import { readFileSync } from "node:fs"

/** The members of a JSON schema that the tests read. The validator reads the rest. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
}

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required: boolean
  readonly schema: JsonSchema
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>

export interface DescribedAnswer {
  readonly content?: Content
  readonly headers?: Readonly<Record<string, { readonly required: boolean }>>
}

export interface Operation {
  readonly operationId: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly security: ReadonlyArray<unknown>
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, DescribedAnswer>>
}

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** The committed description, which callers use. */
export const readDescription = (): Description =>
  JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8")) as Description

/** A schema without a reference: follows `$ref`. */
export function resolved({ components }: Description, schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace("#/components/schemas/", "")
  return name === undefined ? schema : (components.schemas[name] ?? {})
}
