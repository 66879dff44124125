import { Effect, Redacted, Result } from "effect"
import type { Database } from "../store/database.ts"
import { positionsPerTransaction } from "../store/feed-positions.ts"
import { urlFault } from "../store/postgres/server/hosts.ts"
import { postgresLimitsDefault, schemaPattern } from "../store/postgres/settings.ts"
import { sqliteLimits } from "../store/sqlite/store.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsIn } from "./limits-in.ts"
import type { SettingsRead } from "./read-settings.ts"
import { sqlitePath } from "./sqlite-path.ts"

/** The maximum number of partitions that PostgreSQL plans quickly. A larger table needs more servers instead. */
const databasePartitionsMax = 1_024

/** The database's URL if a command's flag gives it, and the name of that flag. */
export interface NamedDatabase {
  readonly flag: string
  readonly url: string
}

/**
 * Reads the database setting. `postgres://…` is a PostgreSQL server. Anything else is the path of an SQLite file,
 * with or without `file:`.
 */
export function databaseConfig(
  { engine, nameOf, found }: SettingsRead,
  named?: NamedDatabase,
): Effect.Effect<Database, ConfigUnusable> {
  const given = found.find(({ setting }) => setting === "databaseUrl")?.name
  const called = named?.flag ?? given ?? nameOf("databaseUrl")
  const url = named?.url ?? Redacted.value(engine.databaseUrl)
  if (/^postgres(?:ql)?:/iu.test(url)) return postgresDatabase(engine, nameOf, called, Redacted.make(url))
  const path = sqlitePath(url)
  if (Result.isFailure(path)) return unusable(`${called} ${path.failure}`)
  return Effect.succeed({
    store: "sqlite",
    path: path.success,
    limits: limitsIn(engine, sqliteLimits),
  })
}

function postgresDatabase(
  engine: SettingsRead["engine"],
  nameOf: SettingsRead["nameOf"],
  called: string,
  url: Redacted.Redacted,
): Effect.Effect<Database, ConfigUnusable> {
  const schema = engine.databaseSchema
  const limits = limitsIn(engine, postgresLimitsDefault)
  const fault = urlFault(Redacted.value(url))
  if (fault !== undefined) return unusable(`${called} ${fault}`)
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
