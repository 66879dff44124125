import { Effect, Redacted } from "effect"
import type { Database } from "../store/database.ts"
import { positionsPerTransaction } from "../store/feed-positions.ts"
import { urlFault } from "../store/postgres-hosts.ts"
import { postgresLimitsDefault, schemaPattern } from "../store/postgres-settings.ts"
import { sqliteLimitsDefault } from "../store/sqlite.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsIn } from "./limits-in.ts"
import type { SettingsRead } from "./read-settings.ts"

/** How many partitions are still planned over quickly; a table that needs more needs more servers. */
const databasePartitionsMax = 1_024

/** `postgres://…` is a PostgreSQL server; anything else is an SQLite file's path, with or without `file:`. */
export function databaseConfig(
  { engine, nameOf }: SettingsRead,
  named: Redacted.Redacted = engine.databaseUrl,
): Effect.Effect<Database, ConfigUnusable> {
  const url = Redacted.value(named)
  const called = nameOf("databaseUrl")
  if (/^postgres(?:ql)?:/u.test(url)) return postgresDatabase(engine, nameOf, named)
  const path = url.replace(/^file:(?:\/\/)?/u, "")
  if (path.trim() === "") {
    return unusable(`${called} is empty: give an SQLite file's path, or postgres://….`)
  }
  if (path.includes("://")) {
    return unusable(
      `${called} begins like a URL, but of no kind that is known: give postgres://…, or a file's path.`,
    )
  }
  return Effect.succeed({ store: "sqlite", path, limits: limitsIn(engine, sqliteLimitsDefault) })
}

function postgresDatabase(
  engine: SettingsRead["engine"],
  nameOf: SettingsRead["nameOf"],
  url: Redacted.Redacted,
): Effect.Effect<Database, ConfigUnusable> {
  const schema = engine.databaseSchema
  const limits = limitsIn(engine, postgresLimitsDefault)
  const fault = urlFault(Redacted.value(url))
  if (fault !== undefined) return unusable(`${nameOf("databaseUrl")} ${fault}`)
  if (!schemaPattern.test(schema)) {
    return unusable(
      `${nameOf("databaseSchema")} must be a name of small letters, digits and underscores, not beginning with pg_.`,
    )
  }
  if (limits.transactionUpdatesMax > positionsPerTransaction) {
    return unusable(
      `${nameOf("transactionUpdatesMax")} must be ${positionsPerTransaction} at most on PostgreSQL.`,
    )
  }
  if (limits.databasePartitions > databasePartitionsMax) {
    return unusable(`${nameOf("databasePartitions")} must be ${databasePartitionsMax} at most.`)
  }
  return Effect.succeed({ store: "postgres", url, schema, notifies: engine.databaseNotify, limits })
}

const unusable = (message: string): Effect.Effect<never, ConfigUnusable> =>
  Effect.fail(new ConfigUnusable({ message }))
