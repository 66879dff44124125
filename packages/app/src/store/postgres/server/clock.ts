import { Clock, Effect } from "effect"
import { connect } from "./connection.ts"
import type { PostgresSettings } from "../settings.ts"

/**
 * How far the database's clock is ahead of ours, in milliseconds. `undefined` if the database does not answer. The
 * clock was read at some time between question and answer, so the middle of that time is compared.
 */
export const databaseAheadMs = Effect.fnUntraced(
  function* (settings: PostgresSettings) {
    const { connection } = yield* connect(settings)
    const asked = yield* Clock.currentTimeMillis
    const { rows } = yield* connection.query(`SELECT ${settings.schema}.clock_ms()::text AS now`)
    const answered = yield* Clock.currentTimeMillis
    return Math.round(Number(rows[0]?.["now"]) - (asked + answered) / 2)
  },
  (asked): Effect.Effect<number | undefined> =>
    Effect.scoped(asked).pipe(Effect.catch(() => Effect.succeed(undefined))),
)
