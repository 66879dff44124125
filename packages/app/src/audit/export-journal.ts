import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Effect } from "effect"
import type { FeedRow } from "../ports/journal-store.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { readByLoan, readFeed } from "./readers.ts"
import type { OrderUnreadable } from "./row-reader.ts"

export interface ExportOptions {
  /** Only rows after this position. */
  readonly after: number
  /** Only this loan's rows. */
  readonly loan: string | undefined
  /** Whether the rows contain the raw bodies, in base64. */
  readonly withRaw: boolean
}

/** How much text is collected before it is written, in UTF-16 code units. */
const chunkLengthMax = 65_536

/**
 * Writes the journal as NDJSON, one line for each row, in the order of the feed. It waits for each write, so a slow
 * reader slows the export down. The result is the number of rows.
 */
export const exportJournal = Effect.fn("exportJournal")(function* <E>(
  { after, loan, withRaw }: ExportOptions,
  write: (text: string) => Effect.Effect<void, E>,
): Effect.fn.Return<number, StoreUnavailable | OrderUnreadable | E, JournalStore> {
  const store = yield* JournalStore
  const rows =
    loan === undefined
      ? readFeed(store, after)
      : readByLoan(store, { applicationReference: loan, version: 0, position: 0 })
  let chunk = ""
  let count = 0
  for (let row = yield* rows.peek; row !== undefined; row = yield* rows.peek) {
    if (loan !== undefined && row.applicationReference !== loan) break
    rows.take()
    if (row.position <= after) continue
    count++
    chunk += exportLine(row, withRaw)
    if (chunk.length < chunkLengthMax) continue
    yield* write(chunk)
    chunk = ""
  }
  if (chunk !== "") yield* write(chunk)
  return count
})

/**
 * One row as a line. `content` is the exact text that was hashed, as a string. So a reader can compute the hash
 * without writing JSON in the same form. The text contains the row's loan and version.
 */
export const exportLine = (row: FeedRow, withRaw: boolean): string => {
  const { position, hash, text, repeats, lastRepeatedAt, raw } = row
  const body = raw === null ? null : Buffer.from(raw).toString("base64")
  const line = { position, hash, content: text, repeats, lastRepeatedAt, ...(withRaw ? { raw: body } : {}) }
  return `${canonicalJson(line)}\n`
}
