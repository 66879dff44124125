import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"
import { EntryContent } from "./entry.ts"

/** The result of reading a row's text. */
export interface ReadText {
  /** Absent if the text is not a journal entry. */
  readonly content: EntryContent | undefined
  readonly isCanonical: boolean
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))
const decode = Schema.decodeUnknownOption(EntryContent, { onExcessProperty: "error" })

/** The value of a JSON text. `undefined` if the text is not JSON. */
export const readJson = (text: string): Schema.Json | undefined => Option.getOrUndefined(parse(text))

/** Reads a row's text without trusting it: it may not be JSON, not an entry, or not canonical. */
export function readText(text: string): ReadText {
  const json = readJson(text)
  if (json === undefined) return { content: undefined, isCanonical: false }
  return { content: Option.getOrUndefined(decode(json)), isCanonical: canonicalJson(json) === text }
}
