import { digestOf, hashOf } from "../journal/entry.ts"
import type { EntryContent } from "../journal/entry.ts"
import type { FeedRow } from "../ports/journal-store.ts"
import type { CheckTable } from "./check-table.ts"
import type { ReadText } from "../journal/entry-text.ts"

/** Checks a single row. The result is the text of the finding, or `undefined`. */
export type RowCheck = (row: FeedRow, read: ReadText) => string | undefined
export type RowChecks = CheckTable<RowCheck>

export const rowChecks: RowChecks = {
  "hash-mismatch": ({ text, hash }) =>
    hashOf(text) === hash
      ? undefined
      : `its text has the hash ${hashOf(text)}, but the stored hash is ${hash}`,

  "not-canonical": (_row, { isCanonical }) => (isCanonical ? undefined : "its text is not canonical JSON"),

  undecodable: (_row, { content }) => (content === undefined ? "its text is not a journal entry" : undefined),

  "column-mismatch": (row, { content }) => {
    const others = content === undefined ? [] : otherColumns(row, content)
    return others.length === 0 ? undefined : `its text says another ${others.join(", ")} than its columns`
  },

  "digest-mismatch": ({ raw }, { content }) =>
    raw === null || content === undefined || digestOf(raw) === content.digest
      ? undefined
      : `its raw bytes have the digest ${digestOf(raw)}, but its text says ${content.digest}`,

  "position-impossible": ({ position, version }) =>
    isCount(position) && isCount(version)
      ? undefined
      : "positions and versions are whole numbers from 1 upwards",

  "repeats-impossible": ({ repeats, lastRepeatedAt }) =>
    repeats >= 0 && (repeats === 0) === (lastRepeatedAt === null)
      ? undefined
      : `it counts ${repeats} redeliveries, the last of them ${lastRepeatedAt === null ? "never" : "dated"}`,
}

/** The names of the columns that contradict the text. */
function otherColumns(row: FeedRow, content: EntryContent): ReadonlyArray<string> {
  const { applicationReference, version, copies } = row
  const columns = { ...content, ...copies, applicationReference, version }
  return columnNames.filter((name) => columns[name] !== content[name])
}

const columnNames = ["applicationReference", "version", "account", "source", "evidence", "digest"] as const

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1
