import { Config, Effect, Redacted } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsFromEnvironment } from "./limit-settings.ts"
import type { Database } from "./store/database.ts"
import { positionsPerTransaction } from "./store/feed-positions.ts"
import { postgresDefaults, postgresLimitsDefault, schemaPattern } from "./store/postgres-settings.ts"
import { sqliteLimitsDefault } from "./store/sqlite.ts"

/** How many partitions are still planned over quickly; a table that needs more needs more servers. */
const databasePartitionsMax = 1_024

/** The settings that say where loans are stored. The URL may hold a password. */
export const databaseEnvironment = Config.all({
  url: Config.withDefault(Config.Redacted("LOAN_ENGINE_DATABASE_URL"), Redacted.make("loan-engine.sqlite")),
  schema: Config.withDefault(Config.String("LOAN_ENGINE_DATABASE_SCHEMA"), postgresDefaults.schema),
  sqliteLimits: limitsFromEnvironment(sqliteLimitsDefault),
  postgresLimits: limitsFromEnvironment(postgresLimitsDefault),
})
type DatabaseSettings = Config.Success<typeof databaseEnvironment>

/** `postgres://…` is a PostgreSQL server; anything else is an SQLite file's path, with or without `file:`. */
export function databaseConfig(settings: DatabaseSettings): Effect.Effect<Database, ConfigUnusable> {
  const url = Redacted.value(settings.url)
  if (/^postgres(?:ql)?:/u.test(url)) return postgresDatabase(settings, url)
  const path = url.replace(/^file:(?:\/\/)?/u, "")
  if (path === "")
    return unusable("LOAN_ENGINE_DATABASE_URL is empty: give an SQLite file's path, or postgres://….")
  if (path.includes("://")) {
    return unusable(
      "LOAN_ENGINE_DATABASE_URL begins like a URL, but of no kind that is known: give postgres://…, or a file's path.",
    )
  }
  return Effect.succeed({ store: "sqlite", path, limits: settings.sqliteLimits })
}

function postgresDatabase(
  { url, schema, postgresLimits: limits }: DatabaseSettings,
  text: string,
): Effect.Effect<Database, ConfigUnusable> {
  if (!URL.canParse(text) || new URL(text).pathname.length < 2) {
    return unusable(
      "LOAN_ENGINE_DATABASE_URL is no PostgreSQL URL: it should read postgres://user:password@host:5432/database, with " +
        "whatever is special in user or password percent-encoded.",
    )
  }
  if (!schemaPattern.test(schema)) {
    return unusable(
      "LOAN_ENGINE_DATABASE_SCHEMA must be a name of small letters, digits and underscores, not beginning with pg_.",
    )
  }
  if (limits.transactionUpdatesMax > positionsPerTransaction) {
    return unusable(
      `LOAN_ENGINE_TRANSACTION_UPDATES_MAX must be ${positionsPerTransaction} at most on PostgreSQL.`,
    )
  }
  if (limits.databasePartitions > databasePartitionsMax) {
    return unusable(`LOAN_ENGINE_DATABASE_PARTITIONS must be ${databasePartitionsMax} at most.`)
  }
  return Effect.succeed({ store: "postgres", url, schema, limits })
}

const unusable = (message: string): Effect.Effect<never, ConfigUnusable> =>
  Effect.fail(new ConfigUnusable({ message }))
