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

/** One of the servers in the URL, with this engine's connections to it. */
export interface Server {
  readonly name: string
  readonly pool: PgPool.PgPool
  /** How often the server has answered. Every answer counts, also an error. */
  answers: number
}

/**
 * The server that answered the first statement of a group. Later statements of the group run on that server or fail.
 */
export interface Pin {
  server?: Server
}

/** A connection to a server that was writable when the connection was made. */
export interface Taken {
  readonly connection: PgConnection
  /** Sends a request to the server. It fails if the server is silent for too long. */
  readonly ask: <A>(question: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>
}

/**
 * Connections to the primary among the servers of the URL. Each server has a pool. All requests use one pool, until
 * one of them finds its server unreachable, silent or read-only. Then all requests use the next server's pool. So
 * after a failover, the engine tries the servers in turn until a standby is promoted. Requests fail until then.
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
            // The server may still answer other requests: a former primary can be read, but each commit waits for its
            // standby. So leave it too.
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
          // The server has answered another request meanwhile. So it is only busy.
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
    // A promoted standby has its own settings, so this must be checked again.
    if (rows[0]["forgets"] === true) {
      yield* drop(server, connection)
      return yield* failed("the server acknowledges data before it is on its disk: synchronous_commit is off")
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
      // The server answers other requests, so it is only busy.
      if (servers.length > 1 && servers[current] === server) break
    }
    const [only, ...others] = failures
    if (only !== undefined && others.length === 0) return yield* Effect.fail(only.error)
    return yield* failed(failures.map(({ name, error }) => `${name}: ${describe(error)}`).join("; "))
  })
})

const readOnlyTransaction = "25006"
