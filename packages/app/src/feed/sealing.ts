import { Clock, Effect, Layer } from "effect"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { Seal, SealedRow } from "../journal/checkpoint.ts"
import { sealRows } from "../journal/checkpoint.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { recurring, surviving } from "../ports/recurring.ts"
import { makeAnchors } from "./anchors.ts"
import type { AnchorSettings } from "./anchors.ts"

export const sealingLimits = {
  // Until rows are sealed, they and their loan could disappear unnoticed.
  checkpointEveryMs: limit(10_000, "how often the engine seals the journal with a checkpoint"),
}
export type SealingSettings = LimitsOf<typeof sealingLimits>

/** The maximum number of rows that one checkpoint seals. This also limits the memory that sealing needs. */
export const checkpointRowsMax = 256

/** After this many rows, other work gets its turn. */
const sealedPageRowsMax = 256

/** Seals the feed and keeps anchors at intervals while the engine runs, and once more when it stops. */
export const layerSealing = (
  settings: SealingSettings & AnchorSettings,
): Layer.Layer<never, never, JournalStore> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const journal = yield* JournalStore
      const { keepIfDue, keepNewest } = yield* makeAnchors(settings)
      // Finalizers run in reverse order. This one is added first, so it runs after the last sealing.
      yield* Effect.addFinalizer(() => surviving("the last anchor could not be written", keepNewest))
      const seal = Effect.provideService(sealFeed(checkpointRowsMax), JournalStore, journal)
      yield* recurring(
        "the feed could not be sealed",
        settings.checkpointEveryMs,
        Effect.andThen(seal, keepIfDue),
      )
    }),
  )

/** Seals all rows of the feed after the last checkpoint. The result is the number of new checkpoints. */
export const sealFeed = Effect.fn("sealFeed")(function* (
  rowsMax: number,
): Effect.fn.Return<number, StoreUnavailable, JournalStore> {
  const journal = yield* JournalStore
  let before: Seal | undefined = yield* journal.lastCheckpoint
  for (let made = 0; ; made++) {
    const rows = yield* unsealedRows(before?.position ?? 0, rowsMax)
    if (rows.length === 0) return made
    const checkpoint = sealRows(before, rows, yield* Clock.currentTimeMillis)
    yield* journal.saveCheckpoint(checkpoint)
    before = checkpoint
  }
})

const unsealedRows = Effect.fnUntraced(function* (position: number, rowsMax: number) {
  const journal = yield* JournalStore
  const rows: Array<SealedRow> = []
  for (;;) {
    const limit = Math.min(sealedPageRowsMax, rowsMax - rows.length)
    const page =
      limit === 0 ? [] : yield* journal.sealable({ after: rows.at(-1)?.position ?? position, limit })
    rows.push(...page)
    if (page.length < limit || limit === 0) return rows
    yield* Effect.yieldNow
  }
})
