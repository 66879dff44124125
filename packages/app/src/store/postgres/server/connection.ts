import { isLoopback } from "@loan-engine/adapters-http/http/secure-url"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Exit, Redacted, Result, Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { describe, failed } from "../errors.ts"
import type { Host } from "./hosts.ts"
import { hostsOf } from "./hosts.ts"
import type { PostgresSettings } from "../settings.ts"
import { readOnlyServer } from "../statements.ts"

/** The name of the engine in `pg_stat_activity`. */
const applicationName = "loan-engine"

/** How much longer than its own timeout a statement may take to report it, before its connection is given up. */
export const answerMsMax = 2_000

/**
 * Every statement finds rows by an index. A plan that was made while the tables were empty would read them completely,
 * and would be kept while they grow.
 */
const lookUps = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off" }

/**
 * Whether a URL does not mention encryption, and names a host where others can read the network. Encryption is then
 * required.
 */
export function isPlainByDefault(url: Redacted.Redacted): boolean {
  const text = Redacted.value(url)
  if (!URL.canParse(text)) return false
  const { hostname, searchParams } = new URL(text)
  const host = searchParams.get("host") ?? hostname
  return !searchParams.has("sslmode") && host !== "" && !host.startsWith("/") && !isLoopback(host)
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
    // A reader of one moment keeps its transaction open while it works.
    idle_in_transaction_session_timeout: settings.oneMoment ? "0" : String(settings.databaseStatementMsMax),
    default_transaction_isolation: "read committed",
    ...lookUps,
  },
})

/** A separate connection, outside the pool, and its server. */
export interface Connected {
  readonly connection: PgConnection.PgConnection
  readonly host: Host
}

/**
 * Connects, until the scope closes, to the first writable server of the URL. A reader also accepts a read-only server
 * if there is no other. If the URL names a single server, that one is used in any state.
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

/** A reader's own sessions are read-only, so for it only a standby counts as read-only. */
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
