import { Effect, Layer } from "effect"
import type { Redacted } from "effect"
import type { JournalStore } from "../ports/journal-store.ts"
import type { LoanStore, StoreUnusable } from "../ports/loan-store.ts"
import type { WebhookStore } from "../ports/webhook-store.ts"
import { databaseAheadMs } from "./postgres/server/clock.ts"
import { checkFailover } from "./postgres/server/failover.ts"
import type { FailoverCheck } from "./postgres/server/failover.ts"
import { placeOf } from "./postgres/server/hosts.ts"
import { openPostgres } from "./postgres/open.ts"
import { postgresSchemaVersion } from "./postgres/schema.ts"
import { layerPostgres } from "./postgres/store.ts"
import { postgresDefaults } from "./postgres/settings.ts"
import type { PostgresLimits } from "./postgres/settings.ts"
import { postgresWeaknesses } from "./postgres/server/weaknesses.ts"
import { modeWeaknesses, sqliteWeaknesses } from "./sqlite/weaknesses.ts"
import { holdStoreLock } from "./sqlite/lock.ts"
import { migrateFile } from "./sqlite/open.ts"
import type { SqliteLimits } from "./sqlite/store.ts"
import { layerSqlite, sqliteDefaults } from "./sqlite/store.ts"

/** Where the loans are stored: an SQLite file for one engine, or a PostgreSQL database for several. */
export type Database =
  | { readonly store: "sqlite"; readonly path: string; readonly limits: SqliteLimits }
  | {
      readonly store: "postgres"
      readonly url: Redacted.Redacted
      readonly schema: string
      readonly notifies: boolean
      readonly limits: PostgresLimits
    }

export type StoreLayer = Layer.Layer<LoanStore | JournalStore | WebhookStore, StoreUnusable>

/** How a command uses the store. If it only reads, it reads everything as of one moment, so that its reads agree. */
export type StoreUse = "read" | "write"

/**
 * The store for a command. An engine may be running on the same store, so the command neither creates nor migrates
 * it.
 */
export function commandDatabaseLayer(database: Database, use: StoreUse): StoreLayer {
  const readOnly = use === "read"
  const oneMoment = readOnly
  switch (database.store) {
    case "sqlite": {
      const { path, limits } = database
      return layerSqlite({ path, ...sqliteDefaults, ...limits, readOnly, oneMoment, migrates: false })
    }
    case "postgres": {
      const { limits, url, schema } = database
      return layerPostgres({ ...limits, url, schema, readOnly, oneMoment, migrates: false, notifies: false })
    }
  }
}

/**
 * The store for an engine. The engine locks an SQLite file while it runs. Several engines can share a PostgreSQL
 * database.
 */
export function engineDatabaseLayer(database: Database): StoreLayer {
  switch (database.store) {
    case "sqlite": {
      const { path, limits } = database
      const lock = Layer.effectDiscard(holdStoreLock(path))
      return layerSqlite({ path, ...sqliteDefaults, ...limits, writerThread: true }).pipe(Layer.provide(lock))
    }
    case "postgres": {
      const { limits, url, schema, notifies } = database
      return layerPostgres({
        ...limits,
        url,
        schema,
        readOnly: false,
        oneMoment: false,
        migrates: true,
        notifies,
      })
    }
  }
}

/** The name of the store for messages. It contains no secrets. */
export function databasePlace(database: Database): string {
  switch (database.store) {
    case "sqlite":
      return database.path
    case "postgres":
      return placeOf(database.url, database.schema)
  }
}

/** Migrates an existing database and does nothing else. The result is the old and the new version. */
export function migrateDatabase(
  database: Database,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnusable> {
  switch (database.store) {
    case "sqlite": {
      const { path, limits } = database
      return Effect.scoped(
        Effect.andThen(holdStoreLock(path), migrateFile({ path, ...sqliteDefaults, ...limits })),
      )
    }
    case "postgres": {
      const { limits, url, schema } = database
      const opened = openPostgres({ ...postgresDefaults, ...limits, url, schema })
      return Effect.map(opened, ({ version }) => ({ from: version, to: postgresSchemaVersion }))
    }
  }
}

/**
 * How far the database's clock is ahead of ours. `undefined` for an SQLite file, and if the database does not answer.
 */
export function databaseClockAheadMs(database: Database): Effect.Effect<number | undefined> {
  switch (database.store) {
    case "sqlite":
      return Effect.succeed(undefined)
    case "postgres": {
      const { limits, url, schema } = database
      return databaseAheadMs({ ...postgresDefaults, ...limits, url, schema, readOnly: true })
    }
  }
}

/**
 * Weaknesses of the store, as sentences that say what to do. Because of them, acknowledged data could be lost, or
 * other people could read it or its anchors.
 */
export function databaseWeaknesses(
  database: Database,
  anchorsFile: string | undefined,
): Effect.Effect<ReadonlyArray<string>> {
  const others = anchorsFile === undefined ? [] : [anchorsFile]
  switch (database.store) {
    case "sqlite":
      return Effect.sync(() => sqliteWeaknesses(database.path, others))
    case "postgres": {
      const { limits, url, schema } = database
      return Effect.map(
        postgresWeaknesses({ ...postgresDefaults, ...limits, url, schema, readOnly: true }),
        (found) => [...found, ...modeWeaknesses(others)],
      )
    }
  }
}

/**
 * Whether acknowledged data survives the loss of the database server. `undefined` for a file, or if there is only one
 * server.
 */
export function databaseFailover(database: Database): Effect.Effect<FailoverCheck | undefined> {
  switch (database.store) {
    case "sqlite":
      return Effect.succeed(undefined)
    case "postgres": {
      const { limits, url, schema } = database
      return checkFailover({ ...postgresDefaults, ...limits, url, schema, readOnly: true })
    }
  }
}
