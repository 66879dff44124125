import { existsSync, realpathSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Scope } from "effect"
import { StoreUnusable } from "../loan-store.ts"
import { isSqliteError } from "./sqlite-connection.ts"

/**
 * Holds a store's file for one engine until the scope closes: two on one file would each spend the whole poll budget and
 * watch the same loans. The lock is the operating system's, on an empty file beside the store, so it ends with the process
 * however that ends; commands that look at the store, or write one change at the loan's version, are not kept out.
 */
export const holdStoreLock = (path: string): Effect.Effect<void, StoreUnusable, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.try({ try: () => lock(path), catch: (cause) => lockFailure(path, cause) }),
      (held) => Effect.sync(() => held.close()),
    ),
  )

/** The same store under another name must meet the same lock. */
const lockPath = (path: string): string => `${existsSync(path) ? realpathSync(path) : path}-lock`

function lock(path: string): DatabaseSync {
  const database = new DatabaseSync(lockPath(path))
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE")
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

const sqliteBusy = 5

function lockFailure(path: string, cause: unknown): StoreUnusable {
  if (isSqliteError(cause) && cause.errcode === sqliteBusy) {
    return new StoreUnusable({
      message:
        `Another loan engine is running on ${path}: two on one file would each spend the whole poll budget. Stop that ` +
        "one first, or point LOAN_ENGINE_DATABASE_URL elsewhere.",
      cause,
    })
  }
  const reason = cause instanceof Error ? cause.message : "unknown failure"
  return new StoreUnusable({
    message: `The lock ${lockPath(path)} cannot be taken: ${reason}. Check that its directory exists and is writable.`,
    cause,
  })
}
