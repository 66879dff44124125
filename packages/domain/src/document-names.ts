import { Schema } from "effect"
import { DocumentType, documentTypeLengthMax, documentTypesMax } from "./offer.ts"

const isDocumentType = Schema.is(DocumentType)

/**
 * Separators between several document names in one text. A text with one of them is not split, because the names would
 * be a guess.
 */
const separator = /[,;|\n]/u
/** More separators, for a single text only: the items of a list are separate already. */
const separatorAlone = /[/+&\t\r]|^[0-9]+$/u

/** Texts that mean "no name", or "several names" in another notation. */
const noName =
  /^(?:n\.?\/?a\.?|null|none|nil|nan|undefined|unknown|tbd|true|false|yes|no|ja|nej|nei|ingen|inget|inga|array|list|object|[-–—?.*]+)$/iu
const otherNotation = /[[\]{}"]|[\p{Cc}\p{Cf}]|^(?=.*_).*\S\s\S/u

/** Whether a text can be the name of exactly one document. */
const isOneName = (name: string): boolean =>
  !separator.test(name) && !noName.test(name) && !otherNotation.test(name)

/** Names of members or elements that hold only a document's name, or only a list of such names. */
const holderName =
  /^(?:(?:required)?documents?(?:types?|names?|codes?)?|types?|names?|codes?|items?|values?|entr(?:y|ies)|elements?|attachments?|list|strings?|#text|\$|[0-9]*)$/u
export const holdsDocuments = (foldedName: string): boolean => holderName.test(foldedName)

/** White space around a name has no meaning. A longer text is no name, so no long text is searched. */
const layout = /^[ \t\r\n]+|[ \t\r\n]+$/gu
const writtenLengthMax = 4 * documentTypeLengthMax

/**
 * A list of document names. Absent and blank items are skipped. If any other item is not a name, the result is
 * `undefined`: a shorter list would be wrong, not incomplete.
 */
export function readDocumentNames(items: ReadonlyArray<unknown>): ReadonlyArray<string> | undefined {
  const names: Array<string> = []
  for (const item of items) {
    if (item === null || item === undefined) continue
    if (typeof item !== "string" || item.length > writtenLengthMax) return undefined
    const name = item.replace(layout, "")
    if (name === "") continue
    if (!isDocumentType(name) || !isOneName(name)) return undefined
    names.push(name)
  }
  return names.length > documentTypesMax ? undefined : names
}

/** One text where a list is expected: a list of that one name, if the text can only be one name. */
export const readDocumentName = (text: string): ReadonlyArray<string> | undefined =>
  text.trim() === "" || separatorAlone.test(text.trim()) ? undefined : readDocumentNames([text])
