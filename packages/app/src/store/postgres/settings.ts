import type { Redacted } from "effect"
import type { GroupCommitLimits } from "../group-commit.ts"

/** What of the PostgreSQL store has a number; each can be set by the environment under its own name. */
export interface PostgresLimits extends GroupCommitLimits {
  /** How many connections this engine opens at most. */
  readonly databaseConnectionsMax: number
  /** How long opening a connection may take. */
  readonly databaseConnectMsMax: number
  /** How long a request waits until it has a connection, new or given back by others, before the store is unavailable. */
  readonly databaseConnectionWaitMsMax: number
  /** How long the server may work on one statement. */
  readonly databaseStatementMsMax: number
  /** How long a statement may wait for another transaction's lock. */
  readonly databaseLockMsMax: number
  /** How long bringing the tables up to date may take, the wait for another engine that does so included. */
  readonly databaseMigrationMsMax: number
  /** How often the other engines are told at most that the feed has grown. */
  readonly databaseNotifyMs: number
  /** How long after the session was lost that others are heard on, another one is opened. */
  readonly databaseListenRetryMs: number
  /** Into how many partitions loans and journal are split. It is decided when the tables are made; later it is ignored. */
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
   * standbys. It holds a password, so it is never shown.
   */
  readonly url: Redacted.Redacted
  /** The schema that holds the engine's tables, and nothing else. */
  readonly schema: string
  /** Whether the database is only read: it is not migrated, and every write is refused. */
  readonly readOnly: boolean
  /** Whether everything is read as of one moment, over one connection; only where the database is only read. */
  readonly oneMoment: boolean
  /** Whether an older schema is brought up to date. Beside an engine that may be running on it, it must not be. */
  readonly migrates: boolean
  /** Whether engines wake each other by LISTEN and NOTIFY; a pooler that shares sessions does not let them. */
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

/** A schema's name is one that needs no quotes, so that people can type it; quoted, it may even be a reserved word. */
export const schemaPattern = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/u

export const quotedSchema = ({ schema }: Pick<PostgresSettings, "schema">): string => `"${schema}"`
