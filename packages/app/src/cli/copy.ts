import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { copyStore } from "../copy/copy-store.ts"
import type { Copied } from "../copy/copy-store.ts"
import { databasePlace } from "../store/database.ts"
import { postgresDefaults } from "../store/postgres/settings.ts"
import { unusable } from "./exit-codes.ts"
import { reportUnsound } from "./findings-output.ts"
import { existingDatabase, restMs } from "./open-store.ts"
import { jsonFlag, print } from "./output.ts"

const flags = {
  from: Flag.String("from").pipe(
    Flag.withDescription("The SQLite file to copy; no engine may run on it"),
    Flag.withMetavar("file"),
  ),
  to: Flag.String("to").pipe(
    Flag.withDescription(
      "The PostgreSQL database to copy into. The default is LOAN_ENGINE_DATABASE_URL, which keeps the password out of the process list",
    ),
    Flag.withMetavar("postgres://…"),
    Flag.optional,
  ),
  json: jsonFlag,
}

/**
 * `loan-engine copy`: copies an SQLite file into an empty PostgreSQL database, and proves the copy before the commit.
 */
export const copy = Command.make(
  "copy",
  flags,
  Effect.fn(function* ({ from, to, json }) {
    const source = yield* existingDatabase(Option.some(from), "--from")
    if (source.store !== "sqlite") return yield* unusable("--from must be an SQLite file's path.")
    const target = yield* existingDatabase(to, "--to")
    if (target.store !== "postgres") {
      return yield* unusable(
        "There is no PostgreSQL database to copy into: set LOAN_ENGINE_DATABASE_URL, or --to, to postgres://….",
      )
    }
    const { limits, url, schema } = target
    const settings = { ...postgresDefaults, ...limits, url, schema, notifies: false }
    const copied = yield* copyStore(source, settings, yield* restMs).pipe(
      Effect.catchTag("StoreUnsound", reportUnsound),
    )
    const places = { from: databasePlace(source), to: databasePlace(target) }
    yield* print(json, { ...places, ...copied }, summary(places, copied))
  }),
).pipe(Command.withDescription("Copy an SQLite file into an empty PostgreSQL database, and prove it"))

function summary(
  { from, to }: { readonly from: string; readonly to: string },
  { loans, rows, tables, newestCheckpoint }: Copied,
): ReadonlyArray<string> {
  return [
    `${rows} rows of ${loans} loans copied from ${from} to ${to}`,
    "Verification and replay find nothing on either side, and each table has the same content on both:",
    ...Object.entries(tables).map(
      ([name, table]) => `  ${name}: ${table.rows} rows, SHA-256 ${table.digest}`,
    ),
    newestCheckpoint === null
      ? "There is no checkpoint yet."
      : `The newest checkpoint is unchanged: --anchor ${newestCheckpoint.number}:${newestCheckpoint.hash}`,
    `Start engines on the copy now. Do not start an engine on ${from} any more: what it receives would be missing in the copy.`,
  ]
}
