import { Effect } from "effect"
import { connect } from "./connection.ts"
import { describe } from "../errors.ts"
import type { PostgresSettings } from "../settings.ts"

/** Settings of the server with which a power failure can lose or damage acknowledged data. */
const risks: Readonly<Record<string, string>> = {
  fsync: "acknowledged data may not be on its disk",
  full_page_writes: "a power failure can tear its pages",
}

/** Weaknesses of the server, as sentences that say what to do. Because of them, acknowledged data could be lost. */
export const postgresWeaknesses = Effect.fnUntraced(
  function* (settings: PostgresSettings) {
    const { connection, host } = yield* connect(settings)
    const { rows } = yield* connection.query(
      "SELECT name FROM pg_settings WHERE name = ANY ($1) AND setting = 'off'",
      [Object.keys(risks)],
    )
    return rows.map(
      ({ name }) =>
        `The server ${host.name} runs with ${String(name)} = off: ${risks[String(name)]}. Set it to on.`,
    )
  },
  (looked): Effect.Effect<ReadonlyArray<string>> =>
    Effect.scoped(looked).pipe(
      Effect.catch((error) =>
        Effect.succeed([`The server could not be asked for its settings: ${describe(error)}.`]),
      ),
    ),
)
