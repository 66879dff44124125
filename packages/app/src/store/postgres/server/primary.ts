import type { PgConnection } from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import { Effect, Result } from "effect"
import type { Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { answerMsMax, connectionConfig } from "./connection.ts"
import { describe, failed, stateOf } from "../errors.ts"
import { hostsOf } from "./hosts.ts"
import type { PostgresSettings } from "../settings.ts"
import { readOnlyServer } from "../statements.ts"

/** One of the servers that the URL names, with the connections that this engine has there. */
export interface Server {
  readonly name: string
  readonly pool: PgPool.PgPool
  /** How often it has answered, whatever it said. */
  answers: number
}

/** Which server answered a first statement: those that belong to it are asked of the same, or fail. */
export interface Pin {
  server?: Server
}

/** A connection to a server that could be written when the connection was made. */
export interface Taken {
  readonly connection: PgConnection
  /** Asks something of it, for no longer than a server may be silent. */
  readonly ask: <A>(question: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>
}

/**
 * Connections to whichever server of the URL is the primary. Each server has a pool, and all requests go to one of them
 * until somebody finds that it cannot be reached, is silent, or can only be read: then everybody turns to the next one. So
 * after a failover the promoted standby is found by asking around, and until it is promoted requests fail.
 */
export const makePrimary = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<(pin: Pin) => Effect.Effect<Taken, SqlError, Scope.Scope>, SqlError, Scope.Scope> {
  const servers = yield* Effect.forEach(hostsOf(settings.url), ({ name, url }) =>
    Effect.map(
      PgPool.make({
        ...connectionConfig(settings, url),
        maxConnections: settings.databaseConnectionsMax,
      }),
      (pool): Server => ({ name, pool, answers: 0 }),
    ),
  )
  const looked = new WeakSet<PgConnection>()
  let current = 0
  const leave = (server: Server): void => {
    if (servers[current] === server) current = (current + 1) % servers.length
  }
  const ask =
    (server: Server, connection: PgConnection): Taken["ask"] =>
    (question) =>
      question.pipe(
        Effect.tapError((error) => refused(server, connection, stateOf(error))),
        Effect.tap(() => Effect.sync(() => void server.answers++)),
        Effect.timeoutOrElse({
          duration: settings.databaseStatementMsMax + answerMsMax,
          orElse: () => {
            // Also where it answers other things: a former primary can be read, but waits for its standby with every commit.
            leave(server)
            return failed("the server does not answer")
          },
        }),
      )
  const refused = (server: Server, connection: PgConnection, state: string | undefined) => {
    if (state !== undefined) server.answers++
    return state === readOnlyTransaction ? drop(server, connection) : Effect.void
  }
  const drop = (server: Server, connection: PgConnection): Effect.Effect<void> =>
    Effect.suspend(() => {
      leave(server)
      return server.pool.invalidate(connection)
    })
  const take = Effect.fnUntraced(function* (server: Server) {
    const { answers } = server
    const connection = yield* server.pool.get.pipe(
      Effect.tapError(() => Effect.sync(() => leave(server))),
      Effect.timeoutOrElse({
        duration: settings.databaseConnectionWaitMsMax,
        orElse: () => {
          // A server that has answered somebody meanwhile is only busy.
          if (server.answers === answers) leave(server)
          return failed(`none of ${settings.databaseConnectionsMax} connections was free in time`)
        },
      }),
    )
    const asking = ask(server, connection)
    if (settings.readOnly || looked.has(connection)) return { connection, ask: asking }
    const { rows } = yield* asking(connection.query(readOnlyServer))
    if (rows[0]?.["read_only"] !== false) {
      yield* drop(server, connection)
      return yield* failed("the server can only be read")
    }
    // A standby that was promoted has settings of its own.
    if (rows[0]["forgets"] === true) {
      yield* drop(server, connection)
      return yield* failed("the server acknowledges what is not on its disk yet: synchronous_commit is off")
    }
    looked.add(connection)
    return { connection, ask: asking }
  })

  return Effect.fnUntraced(function* (pin: Pin) {
    if (pin.server !== undefined) return yield* take(pin.server)
    const failures: Array<{ readonly name: string; readonly error: SqlError }> = []
    for (const _ of servers) {
      const server = servers[current]
      if (server === undefined) break
      const taken = yield* Effect.result(take(server))
      if (Result.isSuccess(taken)) {
        pin.server = server
        return taken.success
      }
      failures.push({ name: server.name, error: taken.failure })
      // It answers others: it is only busy.
      if (servers.length > 1 && servers[current] === server) break
    }
    const [only, ...others] = failures
    if (only !== undefined && others.length === 0) return yield* Effect.fail(only.error)
    return yield* failed(failures.map(({ name, error }) => `${name}: ${describe(error)}`).join("; "))
  })
})

const readOnlyTransaction = "25006"
