import { existsSync, realpathSync } from "node:fs"
import { hostname } from "node:os"
import { resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { isNativeError } from "node:util/types"
import { Clock, Effect, Option, Schema } from "effect"
import type { Scope } from "effect"
import { isAlive } from "../../base/is-alive.ts"
import { StoreUnusable } from "../../ports/loan-store.ts"
import { isSqliteError, makePrivate } from "./connection.ts"

/**
 * Locks a store's file for one engine until the scope closes. Without a lock, two engines on one file would poll the
 * same loans, and each would use the full poll rate. The lock is an operating system lock on a separate file, so it
 * always ends with the process. Commands may still read the store, or write one change at the loan's version. The
 * lock file says which process has the lock.
 */
export const holdStoreLock = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<void, StoreUnusable, Scope.Scope> {
  const since = yield* Clock.currentTimeMillis
  const holder = { pid: process.pid, host: hostname(), since }
  yield* Effect.acquireRelease(
    Effect.try({ try: () => lock(path, holder), catch: (cause) => lockFailure(path, cause) }),
    (held) => Effect.sync(() => held.close()),
  )
})

/**
 * The path of a file. If the path is a link, this is the link's target: SQLite keeps its log beside the target, and a
 * store must have the same lock under each of its names.
 */
export const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path))

export const lockPath = (path: string): string => `${realPath(path)}-lock`

/** The files of an SQLite store while an engine runs on it. */
export const filesOfStore = (path: string): ReadonlyArray<string> => [
  realPath(path),
  `${realPath(path)}-wal`,
  `${realPath(path)}-shm`,
  lockPath(path),
]

const Holder = Schema.Struct({ pid: Schema.Int, host: Schema.String, since: Schema.Int })
type Holder = typeof Holder.Type

/** How long a reader and a writer of the lock file wait for each other. Both are quick. */
const holderMsMax = 1_000

function lock(path: string, holder: Holder): DatabaseSync {
  makePrivate(lockPath(path))
  const database = new DatabaseSync(lockPath(path))
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE")
    sayWhoHolds(database, holder)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/**
 * Writes which process has the lock. The row must be committed before others can read it, which releases the lock for
 * a moment. The lock is then taken again. If another engine takes the lock in between, that engine keeps the lock,
 * and this engine is refused.
 */
function sayWhoHolds(database: DatabaseSync, { pid, host, since }: Holder): void {
  try {
    database.exec(`PRAGMA busy_timeout = ${holderMsMax}`)
    database.exec(
      "CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT, since INTEGER); DELETE FROM holder",
    )
    database.prepare("INSERT INTO holder VALUES (?, ?, ?)").run(pid, host, since)
    database.exec("COMMIT")
  } catch {
    // The lock must also work on a full disk. Then only the holder's name is missing.
    if (database.isTransaction) database.exec("ROLLBACK")
  }
  database.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE")
}

const decodeHolder = Schema.decodeUnknownOption(Holder)

/** The process that has the lock, according to the file. A process of this machine that has ended is not named. */
function holderOf(path: string): string {
  const { pid, host, since } = Option.getOrElse(readHolder(path), () => ({ pid: 0, host: "", since: 0 }))
  return pid === 0 || (host === hostname() && !isAlive(pid))
    ? ""
    : ` (process ${pid} on host ${host}, since ${new Date(since).toISOString()})`
}

function readHolder(path: string): Option.Option<Holder> {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(lockPath(path), { readOnly: true, timeout: holderMsMax })
    return decodeHolder(database.prepare("SELECT pid, host, since FROM holder").get())
  } catch {
    return Option.none()
  } finally {
    database?.close()
  }
}

const sqliteBusy = 5

function lockFailure(path: string, cause: unknown): StoreUnusable {
  if (isSqliteError(cause) && cause.errcode === sqliteBusy) {
    return new StoreUnusable({
      message:
        `Another loan engine is running on ${path}${holderOf(path)}. Two engines on one file would poll the same loans. Stop the other ` +
        "engine first, or point LOAN_ENGINE_DATABASE_URL elsewhere.",
      cause,
    })
  }
  const reason = isNativeError(cause) ? cause.message : "unknown failure"
  return new StoreUnusable({
    message: `The lock ${lockPath(path)} cannot be taken: ${reason}. Check that its directory exists and is writable.`,
    cause,
  })
}
