import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Layer, Scope } from "effect"
import type { JournalStore } from "../ports/journal-store.ts"
import type { LoanStore, StoreUnavailable, StoreUnusable } from "../ports/loan-store.ts"
import type { CopiedRow, CopiedTable } from "./copied-tables.ts"
import { copiedPageRowsMax, copiedRow, keyOf } from "./copied-tables.ts"
import { openConnection, openReadOnly } from "../store/sqlite/connection.ts"
import { holdStoreLock } from "../store/sqlite/lock.ts"
import { opening } from "../store/sqlite/open.ts"
import { requireCurrent } from "../store/sqlite/schema.ts"
import { layerSqlite, sqliteDefaults } from "../store/sqlite/store.ts"
import { reading } from "../store/sqlite/reader.ts"
import type { SqliteLimits } from "../store/sqlite/store.ts"

/** An SQLite file that nobody else can write while the scope is open. */
export interface CopySource {
  /** The page after a row. Without a row, the first page. */
  readonly page: (
    table: CopiedTable,
    after: CopiedRow | undefined,
  ) => Effect.Effect<ReadonlyArray<CopiedRow>, StoreUnavailable>
  readonly store: Layer.Layer<LoanStore | JournalStore, StoreUnusable>
}

/**
 * Opens the file for copying. The engine's lock keeps other engines out. SQLite's own lock keeps every other writer
 * out.
 */
export const openCopySource = Effect.fnUntraced(function* (
  path: string,
  limits: SqliteLimits,
): Effect.fn.Return<CopySource, StoreUnusable, Scope.Scope> {
  const settings = { path, ...sqliteDefaults, ...limits }
  yield* holdStoreLock(path)
  yield* Effect.acquireRelease(
    opening(path, () => {
      const writer = openConnection(settings, (database) => requireCurrent(database, path))
      writer.exec("BEGIN IMMEDIATE")
      return writer
    }),
    (writer) => Effect.sync(() => writer.close()),
  )
  const reader = yield* Effect.acquireRelease(
    opening(path, () => openReadOnly(settings)),
    (opened) => Effect.sync(() => opened.close()),
  )
  return {
    page: (table, after) => reading(() => pageOf(reader, table, after)),
    store: layerSqlite({ ...settings, readOnly: true, oneMoment: true, migrates: false }),
  }
})

function pageOf(
  reader: DatabaseSync,
  table: CopiedTable,
  after: CopiedRow | undefined,
): ReadonlyArray<CopiedRow> {
  const columns = table.columns.map(([name]) => name).join(", ")
  const keys = table.key.join(", ")
  const behind = after === undefined ? "" : `WHERE (${keys}) > (${table.key.map(() => "?").join(", ")})`
  return reader
    .prepare(`SELECT ${columns} FROM ${table.name} ${behind} ORDER BY ${keys} LIMIT ?`)
    .all(...(after === undefined ? [] : keyOf(table, after)), copiedPageRowsMax)
    .map(copiedRow(table))
}
