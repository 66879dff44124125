import { Layer, Redacted } from "effect"
import type { JournalStore } from "../journal-store.ts"
import type { LoanStore, StoreUnusable } from "../loan-store.ts"
import { layerPostgres } from "./postgres.ts"
import type { PostgresLimits } from "./postgres-settings.ts"
import { placeOf } from "./postgres-settings.ts"
import { holdStoreLock } from "./sqlite-lock.ts"
import type { sqliteLimitsDefault } from "./sqlite.ts"
import { layerSqlite, sqliteDefaults } from "./sqlite.ts"

/** Where loans are stored: in one file for one engine, or in a database for several. */
export type Database =
  | { readonly store: "sqlite"; readonly path: string; readonly limits: typeof sqliteLimitsDefault }
  | {
      readonly store: "postgres"
      readonly url: Redacted.Redacted
      readonly schema: string
      readonly limits: PostgresLimits
    }

export type StoreLayer = Layer.Layer<LoanStore | JournalStore, StoreUnusable>

/** The store for a command, to look at only or to write in: an engine may run beside it. */
export function databaseLayer(database: Database, readOnly: boolean): StoreLayer {
  switch (database.store) {
    case "sqlite":
      return layerSqlite({ path: database.path, ...sqliteDefaults, ...database.limits, readOnly })
    case "postgres":
      return layerPostgres({ ...database.limits, url: database.url, schema: database.schema, readOnly })
  }
}

/** The store for an engine: a file is its own for as long as it runs, a database it shares. */
export function engineDatabaseLayer(database: Database): StoreLayer {
  switch (database.store) {
    case "sqlite": {
      const { path, limits } = database
      const lock = Layer.effectDiscard(holdStoreLock(path))
      return layerSqlite({ path, ...sqliteDefaults, ...limits, writerThread: true }).pipe(Layer.provide(lock))
    }
    case "postgres":
      return databaseLayer(database, false)
  }
}

/** What may be told of where the loans are. */
export function databasePlace(database: Database): string {
  switch (database.store) {
    case "sqlite":
      return database.path
    case "postgres":
      return placeOf({ url: Redacted.value(database.url), schema: database.schema })
  }
}
