import { closeSync, existsSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { isNativeError } from "node:util/types"

/** How the reading and the writing thread open a file. */
export interface ConnectionSettings {
  /** The file. The file and its `-wal` and `-shm` files in the same directory must be writable. */
  readonly path: string
  /** How long to wait for another process that has locked the file. */
  readonly busyTimeoutMs: number
  /** How large the write-ahead log may grow, in pages of 4,096 bytes. After that, SQLite copies it into the file. */
  readonly walPagesMax: number
}

/**
 * Opens a connection in WAL mode. A commit returns only after its data is on the disk. `require` checks the file
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

/** Opens a read-only connection. An engine may be running on the same file. */
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
 * Creates a file that only its owner can read, unless the file exists. SQLite gives its log the same permissions. An
 * existing file is not opened here: closing it would release the locks of this process's other connections.
 */
export function makePrivate(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, "a", 0o600))
  } catch {
    // SQLite cannot open the file either, and its error says more.
  }
}

/**
 * Whether SQLite itself refused. Such a failure has a cause outside the engine. Anything else that is thrown is a
 * defect.
 */
export const isSqliteError = (cause: unknown): cause is Error & { readonly errcode?: number } =>
  isNativeError(cause) && "code" in cause && cause.code === "ERR_SQLITE_ERROR"
