import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Instant } from "@loan-engine/domain/instant"
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

/** Reads a row's text without trusting it. The text may be no JSON, no entry, or not canonical. */
export function readText(text: string): ReadText {
  const json = readJson(text)
  if (json === undefined) return { content: undefined, isCanonical: false }
  return { content: Option.getOrUndefined(decode(json)), isCanonical: canonicalJson(json) === text }
}

/**
 * Reads an entry from a text that only this program writes. It throws if the text is anything else, because that is a
 * defect.
 */
export const entryIn = Schema.decodeUnknownSync(Schema.fromJsonString(EntryContent))

const { account, source, news, disposition, receivedAt, recordedAt } = EntryContent.fields

/**
 * Reads some members of a row's text. The result is `undefined` if the text does not have them. Only the audit
 * reports such a text.
 */
const membersIn = <Members>(members: Schema.ConstraintDecoder<Members>) => {
  const decodeMembers = Schema.decodeUnknownOption(Schema.fromJsonString(members))
  return (text: string): Members | undefined => Option.getOrUndefined(decodeMembers(text))
}

/** The members that callback health counts. */
export const countedIn = membersIn(Schema.Struct({ account, source, news, disposition, receivedAt }))

const recorded = membersIn(Schema.Struct({ recordedAt }))

/** When an entry was recorded. */
export const recordedAtIn = (text: string): Instant | undefined => recorded(text)?.recordedAt
