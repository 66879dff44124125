import { Effect } from "effect"
import { Command } from "effect/cli"
import { databasePlace, migrateDatabase } from "../store/database.ts"
import { unusable } from "./exit-codes.ts"
import { databaseFlag, existingDatabase } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

/** `loan-engine migrate`: brings the store up to this program's version; a file, while no engine runs on it. */
export const migrate = Command.make(
  "migrate",
  { database: databaseFlag, json: jsonFlag },
  Effect.fn(function* (options) {
    const database = yield* existingDatabase(options.database)
    const { from, to } = yield* Effect.mapError(migrateDatabase(database), ({ message }) => unusable(message))
    const place = databasePlace(database)
    yield* print(options.json, { path: place, from, to }, [
      from === to ? `${place} is at version ${to} already` : `${place}: from version ${from} to ${to}`,
    ])
  }),
).pipe(Command.withDescription("Bring the store up to this program's schema; the engine does so by itself"))
