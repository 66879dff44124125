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
 * Locks a store's file for one engine until the scope closes. Two engines on one file would each use the whole poll
 * budget and poll the same loans. It is an operating system lock on a file beside the store, so it ends with the
 * process in any case. Commands that read the store, or write one change at the loan's version, are not excluded. The
 * lock file says who holds the lock.
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

/** The target of a link. SQLite keeps its log there, and the same store under another name must use the same lock. */
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

/** How long the lock file's reader and writer wait for each other. Both finish at once. */
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
 * The row must be committed, because others cannot read it otherwise. Then the lock is taken again at once. If another
 * engine comes between the two, it gets the lock, and this one is refused.
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
    // The lock must work on a full disk too; then only the holder's name is missing.
    if (database.isTransaction) database.exec("ROLLBACK")
  }
  database.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE")
}

const decodeHolder = Schema.decodeUnknownOption(Holder)

/** The holder of the lock, according to the file. A process of this machine that has ended is not named. */
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
        `Another loan engine is running on ${path}${holderOf(path)}: two on one file would each use the whole poll budget. Stop that ` +
        "one first, or point LOAN_ENGINE_DATABASE_URL elsewhere.",
      cause,
    })
  }
  const reason = isNativeError(cause) ? cause.message : "unknown failure"
  return new StoreUnusable({
    message: `The lock ${lockPath(path)} cannot be taken: ${reason}. Check that its directory exists and is writable.`,
    cause,
  })
}
