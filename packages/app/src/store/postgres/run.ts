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

/** One statement on a pooled connection, in its own transaction. */
export type Run = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>

/**
 * Statements that belong together: all are sent to the server that answered the first. After a failover, a former
 * primary that came back may answer beside the new one, and data from the two must not be mixed in one decision.
 */
export type RunTogether = () => Run

/** Runs a statement. A failure with an outside cause means that the store is unavailable. */
export type Query = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, StoreUnavailable>

/**
 * The connections of this engine. A statement waits for a connection and for its answer only as long as the settings
 * allow. If all connections are in use, or the server hangs, or the network drops everything, it fails and never hangs.
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
 * A reader's statement may write nothing. A setting of the session would be enough, but a pooler does not pass it on.
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
 * Runs all statements in one transaction that sees the database as of its first statement, without later commits, so
 * that several reads agree. It has one connection, so one statement runs at a time.
 */
export const makeMomentRun = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<RunTogether, SqlError, Scope.Scope> {
  const { connection } = yield* connect(settings)
  const turn = yield* Semaphore.make(1)
  // After a failed statement, for example on a damaged page, PostgreSQL accepts no other until a rollback to a
  // savepoint.
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

/** On its own fiber, so that its timeouts work even if the caller may not be interrupted. */
const alone = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(Effect.interruptible(effect)), Fiber.join)

/** A failure with an outside cause is a {@link StoreUnavailable}. Any other failure is a defect of ours. */
export const orUnavailable = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(effect, (error) =>
    failureOf(error) === "defect" ? Effect.die(error) : Effect.fail(unavailableBecause(error)),
  )
