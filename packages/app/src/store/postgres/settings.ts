import type { Redacted } from "effect"
import { defaultsOf, limit } from "../../base/limits.ts"
import type { LimitsOf } from "../../base/limits.ts"
import { groupCommitLimits } from "../group-commit.ts"

export const postgresOnlyLimits = {
  // Only used when the tables are created.
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
  // This includes the wait for another engine that is migrating.
  databaseMigrationMsMax: limit(600_000, "PostgreSQL: how long a migration may take"),
}

export const postgresLimits = { ...groupCommitLimits, ...postgresOnlyLimits }
export type PostgresLimits = LimitsOf<typeof postgresLimits>

export const postgresLimitsDefault = defaultsOf(postgresLimits)

export interface PostgresSettings extends PostgresLimits {
  /**
   * `postgres://user:password@host:port/database?sslmode=require`. For a primary with standbys:
   * `…@one:port,two:port/…`. The URL contains a password, so it is never shown.
   */
  readonly url: Redacted.Redacted
  /** The schema with the engine's tables. It contains nothing else. */
  readonly schema: string
  /** If true, the database is not migrated, and every write is refused. */
  readonly readOnly: boolean
  /** If true, everything is read as of one moment, over one connection. This requires `readOnly`. */
  readonly oneMoment: boolean
  /** Whether an older schema is migrated. It must not be migrated by a command while an engine may be running. */
  readonly migrates: boolean
  /**
   * Whether engines wake each other by LISTEN and NOTIFY. This does not work through a pooler that shares sessions.
   */
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

/** A schema name that people can type without quotes. The engine quotes it, so it may also be a reserved word. */
export const schemaPattern = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/u

export const quotedSchema = ({ schema }: Pick<PostgresSettings, "schema">): string => `"${schema}"`
