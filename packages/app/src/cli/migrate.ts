import { Effect } from "effect"
import { Command } from "effect/cli"
import { holdStoreLock } from "../store/sqlite-lock.ts"
import { migrateFile } from "../store/sqlite-open.ts"
import { sqliteDefaults } from "../store/sqlite.ts"
import { unusable } from "./exit-codes.ts"
import { databaseFlag, existingFile } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

/** `loan-engine migrate`: brings the store up to this program's version, while no engine runs on it. */
export const migrate = Command.make(
  "migrate",
  { database: databaseFlag, json: jsonFlag },
  Effect.fn(function* ({ database, json }) {
    const path = yield* existingFile(database)
    const { from, to } = yield* Effect.andThen(
      holdStoreLock(path),
      migrateFile({ path, ...sqliteDefaults }),
    ).pipe(
      Effect.scoped,
      Effect.mapError(({ message }) => unusable(message)),
    )
    yield* print(json, { path, from, to }, [
      from === to ? `${path} is at version ${to} already` : `${path}: from version ${from} to ${to}`,
    ])
  }),
).pipe(Command.withDescription("Bring the store up to this program's schema; the engine does so by itself"))
