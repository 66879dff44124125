import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"
import { EntryContent } from "./entry.ts"

/** What a row's text turned out to be. */
export interface ReadText {
  /** Absent if the text is no journal entry. */
  readonly content: EntryContent | undefined
  readonly isCanonical: boolean
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))
const decode = Schema.decodeUnknownOption(EntryContent, { onExcessProperty: "error" })

/** The value of a JSON text; `undefined` if it is none. */
export const readJson = (text: string): Schema.Json | undefined => Option.getOrUndefined(parse(text))

/** Reads a row's text, believing nothing of it: neither that it is JSON, nor an entry, nor in the one form of it. */
export function readText(text: string): ReadText {
  const json = readJson(text)
  if (json === undefined) return { content: undefined, isCanonical: false }
  return { content: Option.getOrUndefined(decode(json)), isCanonical: canonicalJson(json) === text }
}
