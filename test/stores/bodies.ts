import type { JournalStore } from "@loan-engine/app/ports/journal-store"
import { Effect } from "effect"

/** The original bytes of each of a loan's entries, by version. `null` for erased bytes. */
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

/** The original bytes as text. */
export const textsOf = (journal: JournalStore["Service"], applicationReference: string) =>
  Effect.map(bodiesOf(journal, applicationReference), (bodies) =>
    [...bodies.values()].map((raw) => new TextDecoder().decode(raw ?? undefined)),
  )
