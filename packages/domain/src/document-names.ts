import { Schema } from "effect"
import { DocumentType, documentTypeLengthMax, documentTypesMax } from "./offer.ts"

const isDocumentType = Schema.is(DocumentType)

/**
 * Characters that may separate several document names in one text. A text with such a character is not split, because
 * any split would be a guess.
 */
const separator = /[,;|\n]/u
/** More separators. They count only in a single text: in a list, the items are separate already. */
const separatorAlone = /[/+&\t\r]|^[0-9]+$/u

/** Texts that mean "no name", or that contain several names in another notation. */
const noName =
  /^(?:n\.?\/?a\.?|null|none|nil|nan|undefined|unknown|tbd|true|false|yes|no|ja|nej|nei|ingen|inget|inga|array|list|object|[-–—?.*]+)$/iu
const otherNotation = /[[\]{}"]|[\p{Cc}\p{Cf}]|^(?=.*_).*\S\s\S/u

/** Whether a text can be the name of exactly one document. */
const isOneName = (name: string): boolean =>
  !separator.test(name) && !noName.test(name) && !otherNotation.test(name)

/** Names of members or elements that contain only one document name, or a list of document names. */
const holderName =
  /^(?:(?:required)?documents?(?:types?|names?|codes?)?|types?|names?|codes?|items?|values?|entr(?:y|ies)|elements?|attachments?|list|strings?|#text|\$|[0-9]*)$/u
export const holdsDocuments = (foldedName: string): boolean => holderName.test(foldedName)

/**
 * White space around a name has no meaning. This pattern runs only on short texts: a text longer than
 * `writtenLengthMax` cannot be a name.
 */
const layout = /^[ \t\r\n]+|[ \t\r\n]+$/gu
const writtenLengthMax = 4 * documentTypeLengthMax

/**
 * Reads a list of document names. Absent and blank items are skipped. If any other item is not a name, the result is
 * `undefined`. Without that item the list would be wrong, not just incomplete.
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

/** Reads one text where a list is expected. If the text can only be one name, the result is a list of that name. */
export const readDocumentName = (text: string): ReadonlyArray<string> | undefined =>
  text.trim() === "" || separatorAlone.test(text.trim()) ? undefined : readDocumentNames([text])
