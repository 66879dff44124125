import type { ApplicationReference } from "@loan-engine/domain/observation"
import { leavesEarlierDispute, reversalBy } from "@loan-engine/domain/reversal"
import type { Reversal } from "@loan-engine/domain/reversal"
import { Effect } from "effect"
import type { StoreUnavailable } from "../loan-store.ts"
import type { EntryContent, StoredEntry } from "./journal.ts"

type Moving = Pick<EntryContent, "version" | "steps">

/** What an entry reverses, if anything; `entries` are those of its loan before it, which may have entered the dispute. */
export const reversalAmong = (entries: ReadonlyArray<Moving>, { version, steps }: Moving): Reversal | null =>
  reversalBy(
    steps,
    leavesEarlierDispute(steps)
      ? entries.flatMap((entry) => (entry.version < version ? entry.steps : []))
      : [],
  )

interface Reading {
  readonly history: (
    reference: ApplicationReference,
    page: { readonly after: number; readonly limit: number },
  ) => Effect.Effect<ReadonlyArray<StoredEntry>, StoreUnavailable>
}

/** The same, where the entries before are still to be read. Few entries settle a dispute, so few reads are made. */
export const reversalOf = (
  { history }: Reading,
  entry: Moving & Pick<EntryContent, "applicationReference">,
): Effect.Effect<Reversal | null, StoreUnavailable> =>
  leavesEarlierDispute(entry.steps)
    ? Effect.map(history(entry.applicationReference, { after: 0, limit: entry.version - 1 }), (before) =>
        reversalAmong(before, entry),
      )
    : Effect.succeed(reversalAmong([], entry))
