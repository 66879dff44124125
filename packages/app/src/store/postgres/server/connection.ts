import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Exit, Redacted, Result, Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { describe, failed } from "../errors.ts"
import type { Host } from "./hosts.ts"
import { hostsOf, isOtherMachine } from "./hosts.ts"
import type { PostgresSettings } from "../settings.ts"
import { readOnlyServer } from "../statements.ts"

/** The engine's name in `pg_stat_activity`. */
const applicationName = "loan-engine"

/** How much longer than its own timeout a statement may take. After that, the engine gives up the connection. */
export const answerMsMax = 2_000

/**
 * These settings make every statement use an index. Otherwise, PostgreSQL would plan a scan of the whole table while
 * it is empty, and keep that plan while the table grows.
 */
const lookUps = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off" }

/**
 * Whether a URL does not mention encryption, and its host is another machine. Then the engine requires encryption.
 */
export function isPlainByDefault(url: Redacted.Redacted): boolean {
  const text = Redacted.value(url)
  if (!URL.canParse(text)) return false
  const parsed = new URL(text)
  return !parsed.searchParams.has("sslmode") && isOtherMachine(parsed)
}

export const connectionConfig = (
  settings: PostgresSettings,
  url: Redacted.Redacted,
): PgConnection.Config => ({
  url,
  ...(isPlainByDefault(url) ? { ssl: true } : {}),
  applicationName,
  connectTimeout: settings.databaseConnectMsMax,
  keepAlive: "30 seconds",
  startupParameters: {
    statement_timeout: String(settings.databaseStatementMsMax),
    lock_timeout: String(settings.databaseLockMsMax),
    // A reader of one moment keeps its transaction open while it works, so there is no limit.
    idle_in_transaction_session_timeout: settings.oneMoment ? "0" : String(settings.databaseStatementMsMax),
    default_transaction_isolation: "read committed",
    ...lookUps,
  },
})

/** A connection outside the pool, and its server. */
export interface Connected {
  readonly connection: PgConnection.PgConnection
  readonly host: Host
}

/**
 * Connects to the first writable server of the URL, until the scope closes. If no server is writable, a reader also
 * accepts a read-only one. If the URL names only one server, that server is used in any state.
 */
export const connect = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<Connected, SqlError, Scope.Scope> {
  const hosts = hostsOf(settings.url)
  const [first] = hosts
  if (hosts.length === 1) return { host: first, connection: yield* open(settings, first) }
  const failures: Array<string> = []
  let readable: Host | undefined
  for (const host of hosts) {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const opened = yield* Effect.result(Scope.provide(openWritable(settings, host), scope))
    if (Result.isSuccess(opened) && opened.success.writable) {
      return { host, connection: opened.success.connection }
    }
    yield* Scope.close(scope, Exit.void)
    if (Result.isSuccess(opened)) readable ??= host
    failures.push(
      `${host.name}: ${Result.isFailure(opened) ? describe(opened.failure) : "it can only be read"}`,
    )
  }
  if (settings.readOnly && readable !== undefined) {
    return { host: readable, connection: yield* open(settings, readable) }
  }
  return yield* failed(`none of its servers can be written (${failures.join("; ")})`)
})

const open = (settings: PostgresSettings, { url }: Host) => PgConnection.make(connectionConfig(settings, url))

/** A reader's sessions are always read-only. So for a reader, only a standby counts as read-only. */
const openWritable = Effect.fnUntraced(function* (settings: PostgresSettings, host: Host) {
  const connection = yield* open(settings, host)
  const asked = connection.query(
    settings.readOnly ? "SELECT pg_is_in_recovery() AS read_only" : readOnlyServer,
  )
  const { rows } = yield* Effect.timeoutOrElse(asked, {
    duration: settings.databaseStatementMsMax + answerMsMax,
    orElse: () => failed("it does not answer"),
  })
  return { connection, writable: rows[0]?.["read_only"] === false }
})
