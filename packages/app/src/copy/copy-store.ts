import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Verification } from "../audit/verify-journal.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable, StoreUnusable } from "../ports/loan-store.ts"
import type { CopiedRow, CopiedTable, TableDigest } from "./copied-tables.ts"
import { copiedTables, makeTableDigest } from "./copied-tables.ts"
import { judged, StoreUnsound } from "./judged.ts"
import type { CopySource } from "./source.ts"
import { openCopySource } from "./source.ts"
import type { CopyTarget } from "./target.ts"
import { fillCopyTarget, openCopyTarget } from "./target.ts"
import type { PostgresSettings } from "../store/postgres/settings.ts"
import type { SqliteLimits } from "../store/sqlite/store.ts"

/** What was copied. Both stores are sound, and each table has the same content in both. */
export interface Copied extends Pick<
  Verification,
  "loans" | "rows" | "checkpoints" | "newestCheckpoint" | "unsealed"
> {
  readonly tables: { readonly [table: string]: TableDigest }
}

/**
 * Copies an SQLite file into an empty PostgreSQL store. Nobody else can write the file meanwhile. Before the commit,
 * the copy is proven: verification and replay find nothing in either store, and every table has the same digest in
 * both. Either everything is copied or nothing. If a loan had no news for `restMs`, its polling may have ended.
 */
export const copyStore = Effect.fn("copyStore")(function* (
  from: { readonly path: string; readonly limits: SqliteLimits },
  to: PostgresSettings,
  restMs: number,
): Effect.fn.Return<Copied, StoreUnusable | StoreUnavailable | StoreUnsound> {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const source = yield* openCopySource(from.path, from.limits)
      yield* openCopyTarget(to)
      const verified = yield* Effect.provide(judged("The file", restMs), source.store)
      let tables: Copied["tables"] = {}
      yield* fillCopyTarget(to, (target) =>
        Effect.gen(function* () {
          const given = yield* eachTable((table) => copyTable(source, target, table))
          yield* target.orderFeed
          const taken = yield* eachTable((table) => digestOf(target, table))
          yield* requireSame(given, taken)
          yield* Effect.provideService(judged("The copy", restMs), JournalStore, target.journal)
          tables = taken
        }),
      )
      const { loans, rows, checkpoints, newestCheckpoint, unsealed } = verified
      return { loans, rows, checkpoints, newestCheckpoint, unsealed, tables }
    }),
  )
})

const eachTable = <E>(
  work: (table: CopiedTable) => Effect.Effect<TableDigest, E>,
): Effect.Effect<Copied["tables"], E> =>
  Effect.map(
    Effect.forEach(copiedTables, (table) =>
      Effect.map(work(table), (digest) => [table.name, digest] as const),
    ),
    Object.fromEntries,
  )

/** Copies a table page by page. The result is the digest of what was read. */
const copyTable = (source: CopySource, target: CopyTarget, table: CopiedTable) =>
  walk(
    (after) => source.page(table, after),
    (rows) => target.insert(table, rows),
  )

/** Reads a copied table again, page by page. The result is its digest. */
const digestOf = (target: CopyTarget, table: CopiedTable) =>
  walk(
    (after) => target.page(table, after),
    () => Effect.void,
  )

const walk = Effect.fnUntraced(function* (
  page: (
    after: CopiedRow | undefined,
  ) => Effect.Effect<ReadonlyArray<CopiedRow>, SqlError | StoreUnavailable>,
  use: (rows: ReadonlyArray<CopiedRow>) => Effect.Effect<void, SqlError>,
): Effect.fn.Return<TableDigest, SqlError | StoreUnavailable> {
  const digest = makeTableDigest()
  let after: CopiedRow | undefined
  for (;;) {
    const rows = yield* page(after)
    after = rows.at(-1)
    if (after === undefined) return digest.taken()
    yield* use(rows)
    rows.forEach(digest.add)
    yield* Effect.yieldNow
  }
})

const requireSame = Effect.fnUntraced(function* (given: Copied["tables"], taken: Copied["tables"]) {
  const different = copiedTables.filter(({ name }) => given[name]?.digest !== taken[name]?.digest)
  if (different.length === 0) return
  return yield* new StoreUnsound({
    message: `The copy differs from the file in: ${different.map(({ name }) => name).join(", ")}. Nothing was copied.`,
    findings: [],
    findingsCount: different.length,
  })
})
