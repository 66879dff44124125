import type { Instant } from "@loan-engine/domain/instant"
import { Effect } from "effect"
import { recordedAtIn } from "../journal/entry-text.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"

const pageRowsMax = 100

/**
 * How far the clocks of several engines may differ. This matters because one engine seals entries that another has
 * recorded.
 */
const clocksApartMsMax = 300_000

/** Finds the position after which every entry was recorded at this time or later. Checkpoints shorten the search. */
export const positionBefore = Effect.fnUntraced(function* (
  time: Instant,
): Effect.fn.Return<number, StoreUnavailable, JournalStore> {
  const journal = yield* JournalStore
  let position = yield* sealedBefore(time - clocksApartMsMax)
  for (;;) {
    const rows = yield* journal.feed({ after: position, limit: pageRowsMax })
    for (const row of rows) {
      if ((recordedAtIn(row.text) ?? -Infinity) >= time) return position
      position = row.position
    }
    if (rows.length < pageRowsMax) return position
    yield* Effect.yieldNow
  }
})

/** The end of the last checkpoint before this time. Every entry that it seals was recorded before. */
const sealedBefore = Effect.fnUntraced(function* (time: Instant) {
  const journal = yield* JournalStore
  let position = 0
  for (let after = 0; ;) {
    const page = yield* journal.checkpoints({ after, limit: pageRowsMax })
    for (const checkpoint of page) {
      if (checkpoint.sealedAt >= time) return position
      position = checkpoint.position
      after = checkpoint.number
    }
    if (page.length < pageRowsMax) return position
    yield* Effect.yieldNow
  }
})
