import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import { Effect, Fiber } from "effect"
import type { Scope } from "effect"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import type { StoreUnavailable } from "../loan-store.ts"
import { failureOf, describe, unavailable } from "./postgres-errors.ts"
import type { PostgresSettings } from "./postgres-settings.ts"

export type Rows = ReadonlyArray<PgConnection.Row>

/** One statement on a connection of the pool, in a transaction of its own. */
export type Run = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>

/** How the engine can be told from others in `pg_stat_activity`. */
const applicationName = "loan-engine"

/** How much longer than its own time-out a statement may take to say so, before its connection is given up. */
const answerMsMax = 2_000

/**
 * Every statement looks rows up by an index. A plan that was made while the tables were empty would read them whole, and be
 * kept while they grow.
 */
const lookUps = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off" }

const connectionConfig = (settings: PostgresSettings): PgConnection.Config => ({
  url: settings.url,
  applicationName,
  connectTimeout: settings.databaseConnectMsMax,
  keepAlive: "30 seconds",
  startupParameters: {
    statement_timeout: String(settings.databaseStatementMsMax),
    lock_timeout: String(settings.databaseLockMsMax),
    idle_in_transaction_session_timeout: String(settings.databaseStatementMsMax),
    default_transaction_isolation: "read committed",
    ...lookUps,
    ...(settings.readOnly ? { default_transaction_read_only: "on" } : {}),
  },
})

/** A connection of its own, outside the pool, until the scope closes. */
export const connect = (
  settings: PostgresSettings,
): Effect.Effect<PgConnection.PgConnection, SqlError, Scope.Scope> =>
  PgConnection.make(connectionConfig(settings))

/**
 * The connections of this engine. A statement waits for one, and for its answer, no longer than the settings allow: when
 * they are all taken, when the server hangs, or when the network swallows everything, it fails, and never hangs.
 */
export const makeRun = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<Run, SqlError, Scope.Scope> {
  const pool = yield* PgPool.make({
    ...connectionConfig(settings),
    maxConnections: settings.databaseConnectionsMax,
  })
  const connection = Effect.timeoutOrElse(pool.get, {
    duration: settings.databaseConnectionWaitMsMax,
    orElse: () => failed(`none of ${settings.databaseConnectionsMax} connections was free in time`),
  })
  return (sql, parameters) =>
    Effect.scoped(
      Effect.flatMap(connection, (taken) =>
        Effect.timeoutOrElse(taken.query(sql, parameters), {
          duration: settings.databaseStatementMsMax + answerMsMax,
          orElse: () => failed("the server does not answer"),
        }),
      ),
    ).pipe(
      Effect.map(({ rows }) => rows),
      alone,
    )
})

const failed = (reason: string): Effect.Effect<never, SqlError> =>
  Effect.fail(
    new SqlError({
      reason: new ConnectionError({ cause: new Error(reason), message: reason, operation: "query" }),
    }),
  )

/** On a fiber of its own, so that its time-outs hold even where the caller may not be interrupted. */
const alone = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(Effect.interruptible(effect)), Fiber.join)

/** What the world did is a {@link StoreUnavailable}; anything else is a defect of ours, and crashes loudly. */
export const orUnavailable = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(effect, (error) =>
    failureOf(error) === "defect" ? Effect.die(error) : Effect.fail(unavailable(describe(error))),
  )
