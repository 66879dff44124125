import { Schema } from "effect"
import { DocumentType, documentTypeLengthMax, documentTypesMax } from "./offer.ts"

const isDocumentType = Schema.is(DocumentType)

/** Between the names of several documents in one text; which names they are is then a guess. */
const separator = /[,;|\n]/u

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
    if (!isDocumentType(name)) return undefined
    names.push(name)
  }
  return names.length > documentTypesMax ? undefined : names
}

/** One text where a list is expected: the list of that one name, if it can be no more than one. */
export const readDocumentName = (text: string): ReadonlyArray<string> | undefined =>
  separator.test(text) || text.trim() === "" ? undefined : readDocumentNames([text])
