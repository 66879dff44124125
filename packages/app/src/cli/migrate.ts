import { Effect } from "effect"
import { Command } from "effect/cli"
import { databasePlace, migrateDatabase } from "../store/database.ts"
import { unusable } from "./exit-codes.ts"
import { databaseFlag, existingDatabase } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

/**
 * `loan-engine migrate`: migrates the store to this program's schema version. No engine may use an SQLite file
 * meanwhile.
 */
export const migrate = Command.make(
  "migrate",
  { database: databaseFlag, json: jsonFlag },
  Effect.fn(function* (options) {
    const database = yield* existingDatabase(options.database)
    const { from, to } = yield* Effect.mapError(migrateDatabase(database), ({ message }) => unusable(message))
    const place = databasePlace(database)
    yield* print(options.json, { path: place, from, to }, [
      from === to ? `${place} already has version ${to}` : `${place}: from version ${from} to ${to}`,
    ])
  }),
).pipe(
  Command.withDescription("Migrate the store to this program's schema; the engine does this automatically"),
)
