import type { ApplicationReference } from "@loan-engine/domain/observation"
import { leavesEarlierDispute, reversalBy } from "@loan-engine/domain/reversal"
import type { Reversal } from "@loan-engine/domain/reversal"
import { Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import type { EntryContent, StoredEntry } from "../journal/entry.ts"

type Moving = Pick<EntryContent, "version" | "steps">

/**
 * The reversal that an entry makes, or `null`. `entries` are earlier entries of its loan: one of them may have
 * entered the dispute.
 */
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

/** How many earlier entries are read first, to find where a dispute began. Usually it is the previous entry. */
const readBack = 16

/**
 * Like {@link reversalAmong}, but it reads the earlier entries. It reads back only as far as the entry that entered
 * the dispute.
 */
export const reversalOf = Effect.fnUntraced(function* (
  { history }: Reading,
  entry: Moving & Pick<EntryContent, "applicationReference">,
): Effect.fn.Return<Reversal | null, StoreUnavailable> {
  if (!leavesEarlierDispute(entry.steps)) return reversalAmong([], entry)
  for (let rows = readBack; ; rows *= 4) {
    const after = Math.max(0, entry.version - 1 - rows)
    const before = yield* history(entry.applicationReference, { after, limit: entry.version - 1 - after })
    if (after === 0 || before.some(({ steps }) => steps.some(({ to }) => to === "disputed"))) {
      return reversalAmong(before, entry)
    }
  }
})
