import type { JournalStore } from "@loan-engine/app/ports/journal-store"
import { Effect } from "effect"

/** The bytes that each of a loan's entries came in, by their versions; `null` for those that were erased. */
export const bodiesOf = (journal: JournalStore["Service"], applicationReference: string) =>
  Effect.map(
    journal.rowsByLoan({ after: { applicationReference, version: 0, position: 0 }, limit: 10_000 }),
    (rows): ReadonlyMap<number, Uint8Array | null> =>
      new Map(
        rows
          .filter((row) => row.applicationReference === applicationReference)
          .map(({ version, raw }) => [version, raw]),
      ),
  )

/** The same as text. */
export const textsOf = (journal: JournalStore["Service"], applicationReference: string) =>
  Effect.map(bodiesOf(journal, applicationReference), (bodies) =>
    [...bodies.values()].map((raw) => new TextDecoder().decode(raw ?? undefined)),
  )
