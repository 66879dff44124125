import { Schema } from "effect"
import { DocumentType, documentTypeLengthMax, documentTypesMax } from "./offer.ts"

const isDocumentType = Schema.is(DocumentType)

/** Between the names of several documents in one text; which names they are is then a guess. */
const separator = /[,;|\n]/u
/** The same in a text alone; where there is a list, its items are apart already. */
const separatorAlone = /[/+&\t\r]|^[0-9]+$/u

/** What stands where there is no name, or for several in a notation of another kind. */
const noName =
  /^(?:n\.?\/?a\.?|null|none|nil|nan|undefined|unknown|tbd|true|false|yes|no|ja|nej|nei|ingen|inget|inga|array|list|object|[-–—?.*]+)$/iu
const otherNotation = /[[\]{}"]|[\p{Cc}\p{Cf}]|^(?=.*_).*\S\s\S/u

/** Whether a text can be the name of one document and nothing else. */
const isOneName = (name: string): boolean =>
  !separator.test(name) && !noName.test(name) && !otherNotation.test(name)

/** What a member or element may be called that holds the name of a document, or a list of them, and nothing else. */
const holderName =
  /^(?:(?:required)?documents?(?:types?|names?|codes?)?|types?|names?|codes?|items?|values?|entr(?:y|ies)|elements?|attachments?|list|strings?|#text|\$|[0-9]*)$/u
export const holdsDocuments = (foldedName: string): boolean => holderName.test(foldedName)

/** White space around a name says nothing; longer texts are no names, so nothing long is searched. */
const layout = /^[ \t\r\n]+|[ \t\r\n]+$/gu
const writtenLengthMax = 4 * documentTypeLengthMax

/**
 * A list of document names. `undefined` if any of its items is none: a shorter list would be wrong, not incomplete. What is
 * absent or blank within it is passed over.
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

/** One text where a list is expected: the list of that one name, if it can be no more than one. */
export const readDocumentName = (text: string): ReadonlyArray<string> | undefined =>
  text.trim() === "" || separatorAlone.test(text.trim()) ? undefined : readDocumentNames([text])
