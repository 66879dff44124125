import type { Redacted } from "effect"
import { defaultsOf, limit } from "../../base/limits.ts"
import type { LimitsOf } from "../../base/limits.ts"
import { groupCommitLimits } from "../group-commit.ts"

export const postgresOnlyLimits = {
  // Ignored later.
  databasePartitions: limit(
    4,
    "PostgreSQL: the number of partitions of each table. It is fixed when the engine creates the tables. At most 1,024",
  ),
  databaseConnectionsMax: limit(10, "PostgreSQL: how many connections one engine may open"),
  databaseConnectionWaitMsMax: limit(
    5_000,
    "PostgreSQL: how long a request may wait for a connection. If it waits longer, it gets 503",
  ),
  databaseConnectMsMax: limit(5_000, "PostgreSQL: how long opening a connection may take"),
  databaseStatementMsMax: limit(10_000, "PostgreSQL: how long one statement may take"),
  databaseLockMsMax: limit(3_000, "PostgreSQL: how long a statement may wait for a lock"),
  databaseListenRetryMs: limit(1_000, "PostgreSQL: how long the engine waits before it reconnects LISTEN"),
  // With the wait for another engine that migrates.
  databaseMigrationMsMax: limit(600_000, "PostgreSQL: how long a migration may take"),
}

export const postgresLimits = { ...groupCommitLimits, ...postgresOnlyLimits }
export type PostgresLimits = LimitsOf<typeof postgresLimits>

export const postgresLimitsDefault = defaultsOf(postgresLimits)

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
