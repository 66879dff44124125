import type { Row } from "@effect/sql-pg/PgConnection"
import { Effect, Fiber, Semaphore } from "effect"
import type { Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { StoreUnavailable } from "../../ports/loan-store.ts"
import { answerMsMax, connect } from "./server/connection.ts"
import { failed, failureOf, unavailableBecause } from "./errors.ts"
import { makePrimary } from "./server/primary.ts"
import type { Pin } from "./server/primary.ts"
import type { PostgresSettings } from "./settings.ts"

export type Rows = ReadonlyArray<Row>

/** Runs one statement on a connection of the pool, in its own transaction. */
export type Run = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>

/**
 * Starts a group of statements that must run on one server: the server that answered the first. After a failover, a
 * former primary may come back and answer beside the new primary. One decision must not mix data of both.
 */
export type RunTogether = () => Run

/** Runs a statement. If it fails for a cause outside the engine, the store is unavailable. */
export type Query = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, StoreUnavailable>

/**
 * Opens the connections of this engine. A statement waits for a free connection and for its answer, but only as long
 * as the settings allow. So it fails and never hangs: not if all connections are in use, the server hangs, or the
 * network drops everything.
 */
export const makeRun = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<RunTogether, SqlError, Scope.Scope> {
  const primary = yield* makePrimary(settings)
  const run = (pin: Pin, sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.scoped(
      Effect.flatMap(primary(pin), ({ connection, ask }) => {
        const asked = ask(connection.query(sql, parameters))
        return settings.readOnly ? readingOnly(asked, (word) => ask(connection.query(word))) : asked
      }),
    ).pipe(
      Effect.map(({ rows }) => rows),
      alone,
    )
  return () => {
    const pin: Pin = {}
    return (sql, parameters) => run(pin, sql, parameters)
  }
})

/**
 * Runs a reader's statement in a read-only transaction. A setting of the session would be simpler, but a pooler does
 * not pass it on.
 */
const readingOnly = <A>(
  asked: Effect.Effect<A, SqlError>,
  say: (word: string) => Effect.Effect<unknown, SqlError>,
): Effect.Effect<A, SqlError> =>
  say("BEGIN READ ONLY").pipe(
    Effect.andThen(asked),
    Effect.tap(() => say("COMMIT")),
    Effect.tapError(() => Effect.ignore(say("ROLLBACK"))),
  )

/**
 * Runs all statements in one transaction. It sees the database as of its first statement, without later commits, so
 * that several reads agree. It uses one connection, so only one statement runs at a time.
 */
export const makeMomentRun = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<RunTogether, SqlError, Scope.Scope> {
  const { connection } = yield* connect(settings)
  const turn = yield* Semaphore.make(1)
  // After a failed statement, for example on a damaged page, PostgreSQL refuses every statement until a rollback. So
  // roll back to a savepoint.
  const ask: typeof connection.query = (sql, parameters) =>
    Effect.tapError(connection.query(sql, parameters), () =>
      Effect.ignore(connection.query("ROLLBACK TO moment")),
    )
  const run: Run = (sql, parameters) =>
    ask(sql, parameters).pipe(
      Effect.timeoutOrElse({
        duration: settings.databaseStatementMsMax + answerMsMax,
        orElse: () => failed("the server does not answer"),
      }),
      (query) => turn.withPermit(query),
      Effect.map(({ rows }) => rows),
      alone,
    )
  yield* run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", [])
  yield* run("SAVEPOINT moment", [])
  return () => run
})

/**
 * Runs the effect on its own fiber. So its timeouts work even if the caller cannot be interrupted. If the caller is
 * interrupted, its statement is cancelled. Otherwise a read that nobody needs would keep its connection.
 */
const alone = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(Effect.interruptible(effect)), (fiber) =>
    Effect.onInterrupt(Fiber.join(fiber), () => Fiber.interrupt(fiber)),
  )

/** Fails with {@link StoreUnavailable} if the cause is outside the engine. Any other failure is a defect. */
export const orUnavailable = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(effect, (error) =>
    failureOf(error) === "defect" ? Effect.die(error) : Effect.fail(unavailableBecause(error)),
  )
