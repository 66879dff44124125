import type { Redacted } from "effect"
import type { GroupCommitLimits } from "../group-commit.ts"

/** The limits of the PostgreSQL store. The setting of each has the same name. */
export interface PostgresLimits extends GroupCommitLimits {
  /** How many connections this engine opens at most. */
  readonly databaseConnectionsMax: number
  /** How long opening a connection may take. */
  readonly databaseConnectMsMax: number
  /** How long a request waits for a connection, new or returned, before the store is unavailable. */
  readonly databaseConnectionWaitMsMax: number
  /** How long the server may work on one statement. */
  readonly databaseStatementMsMax: number
  /** How long a statement may wait for another transaction's lock. */
  readonly databaseLockMsMax: number
  /** How long a migration may take, with the wait for another engine that migrates. */
  readonly databaseMigrationMsMax: number
  /** The shortest time between two notifications to the other engines that the feed has grown. */
  readonly databaseNotifyMs: number
  /** How long to wait before reconnecting LISTEN. */
  readonly databaseListenRetryMs: number
  /** The number of partitions of loans and journal. It is fixed when the tables are made, and ignored later. */
  readonly databasePartitions: number
}

export const postgresLimitsDefault: PostgresLimits = {
  queuedUpdatesMax: 4_096,
  transactionUpdatesMax: 256,
  staleRetryMsMax: 250,
  databaseConnectionsMax: 10,
  databaseConnectMsMax: 5_000,
  databaseConnectionWaitMsMax: 5_000,
  databaseStatementMsMax: 10_000,
  databaseLockMsMax: 3_000,
  databaseMigrationMsMax: 600_000,
  databaseNotifyMs: 20,
  databaseListenRetryMs: 1_000,
  databasePartitions: 4,
}

export interface PostgresSettings extends PostgresLimits {
  /**
   * `postgres://user:password@host:port/database?sslmode=require`, or `…@one:port,two:port/…` for a primary and its
   * standbys. It contains a password, so it is never shown.
   */
  readonly url: Redacted.Redacted
  /** The schema of the engine's tables. It contains nothing else. */
  readonly schema: string
  /** Whether the database is only read: it is not migrated, and every write is refused. */
  readonly readOnly: boolean
  /** Whether everything is read as of one moment, over one connection. Only possible if the database is only read. */
  readonly oneMoment: boolean
  /** Whether an older schema is migrated. It must not be while an engine may be running on it. */
  readonly migrates: boolean
  /** Whether engines wake each other by LISTEN and NOTIFY. This does not work behind a pooler that shares sessions. */
  readonly notifies: boolean
}

export const postgresDefaults: Omit<PostgresSettings, "url"> = {
  ...postgresLimitsDefault,
  schema: "loan_engine",
  readOnly: false,
  oneMoment: false,
  migrates: true,
  notifies: true,
}

/** A schema's name that needs no quotes, so that people can type it. We quote it, so it may even be a reserved word. */
export const schemaPattern = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/u

export const quotedSchema = ({ schema }: Pick<PostgresSettings, "schema">): string => `"${schema}"`
