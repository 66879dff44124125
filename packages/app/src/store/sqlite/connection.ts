import { closeSync, existsSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { isNativeError } from "node:util/types"

/** How a file is opened, by the reading and by the writing thread. */
export interface ConnectionSettings {
  /** The file. It and its `-wal` and `-shm` companions in the same directory must be writable. */
  readonly path: string
  /** How long to wait for another process that holds the file's lock. */
  readonly busyTimeoutMs: number
  /** How large the write-ahead log may grow before it is copied into the file, in pages of 4,096 bytes. */
  readonly walPagesMax: number
}

/**
 * A connection in WAL mode whose commits are on the disk before they return. The requirements of the file are checked
 * before anything in it is changed.
 */
export const openConnection = (
  settings: ConnectionSettings,
  require: (database: DatabaseSync) => void = () => {},
): DatabaseSync =>
  opened(settings, { readOnly: false }, require, (database) => {
    const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"]
    if (mode !== "wal")
      throw new Error(
        `its journal mode is ${String(mode)}, because write-ahead logging is not possible there.`,
      )
    database.exec("PRAGMA synchronous = FULL")
  })

/** A read-only connection, beside a running engine or on a file that nobody else has open. */
export const openReadOnly = (settings: ConnectionSettings): DatabaseSync =>
  opened(
    settings,
    { readOnly: true },
    () => {},
    (database) => database.exec("PRAGMA query_only = ON"),
  )

function opened(
  { path, busyTimeoutMs, walPagesMax }: ConnectionSettings,
  options: { readonly readOnly: boolean },
  require: (database: DatabaseSync) => void,
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  if (!options.readOnly) makePrivate(path)
  const database = new DatabaseSync(path, options)
  try {
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    require(database)
    prepare(database)
    database.exec(`
      PRAGMA wal_autocheckpoint = ${walPagesMax};
      PRAGMA foreign_keys = ON;
    `)
  } catch (cause) {
    database.close()
    throw cause
  }
  return database
}

/**
 * Creates a file that only its owner can read, unless it exists. SQLite gives its log the same mode. An existing file
 * is not opened, because closing it would release the locks of this process's other connections.
 */
export function makePrivate(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, "a", 0o600))
  } catch {
    // SQLite cannot open it either, and its error says more.
  }
}

/**
 * The refusals of SQLite itself are failures with an outside cause. Anything else that is thrown is a defect of ours.
 */
export const isSqliteError = (cause: unknown): cause is Error & { readonly errcode?: number } =>
  isNativeError(cause) && "code" in cause && cause.code === "ERR_SQLITE_ERROR"
