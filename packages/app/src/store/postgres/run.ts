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

/** One statement on a connection of the pool, in a transaction of its own. */
export type Run = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>

/**
 * Statements that belong together: all of them are asked of the server that answered the first. After a fail-over, a former primary that
 * came back may answer beside the new one, and what the one says must not be decided with what the other has.
 */
export type RunTogether = () => Run

/** Runs a statement; what the world does to it is unavailability. */
export type Query = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<Rows, StoreUnavailable>

/**
 * The connections of this engine. A statement waits for one, and for its answer, no longer than the settings allow: when
 * they are all taken, when the server hangs, or when the network swallows everything, it fails, and never hangs.
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

/** A reader's statement may write nothing. A session's own setting would do, but a pooler does not hand it on. */
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
 * Every statement in one transaction that sees the database as it was at its first statement, whatever is committed meanwhile:
 * what is read by several statements agrees. One connection, so one statement at a time.
 */
export const makeMomentRun = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<RunTogether, SqlError, Scope.Scope> {
  const { connection } = yield* connect(settings)
  const turn = yield* Semaphore.make(1)
  // After a statement that failed, on a damaged page say, PostgreSQL takes no other until it is told to go back to before it.
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

/** On a fiber of its own, so that its time-outs hold even where the caller may not be interrupted. */
const alone = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.forkDetach(Effect.interruptible(effect)), Fiber.join)

/** What the world did is a {@link StoreUnavailable}; anything else is a defect of ours, and crashes loudly. */
export const orUnavailable = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(effect, (error) =>
    failureOf(error) === "defect" ? Effect.die(error) : Effect.fail(unavailableBecause(error)),
  )
