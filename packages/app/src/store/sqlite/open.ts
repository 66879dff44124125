import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import { StoreUnusable } from "../../ports/loan-store.ts"
import { isSqliteError, openConnection, openReadOnly } from "./connection.ts"
import type { ConnectionSettings } from "./connection.ts"
import { sqliteFailure } from "./failure.ts"
import { migrate, requireCurrent, requireOurs, schemaVersion } from "./schema.ts"

export interface OpenSettings extends ConnectionSettings {
  /** Whether the file is only read: it is not migrated, and every write is refused. */
  readonly readOnly: boolean
  /**
   * Whether everything is read as of the moment of opening, whatever others write meanwhile. For whoever reads the whole
   * and is soon done: until then the log cannot be emptied. With `readOnly` only.
   */
  readonly oneMoment: boolean
  /** Whether an older file is brought up to date. Beside an engine that may be running on it, it must not be. */
  readonly migrates: boolean
}

/** Opens a store's file as it is to be used, or says why it cannot be. */
export const openDatabase = (settings: OpenSettings): Effect.Effect<DatabaseSync, StoreUnusable> =>
  opening(settings.path, () => opened(settings))

/** Whatever fails while a file is being opened, its statements prepared included, makes it unusable. */
export const opening = <A>(path: string, run: () => A): Effect.Effect<A, StoreUnusable> =>
  Effect.try({ try: run, catch: (cause) => openFailure(path, cause) })

function opened(settings: OpenSettings): DatabaseSync {
  const { path, readOnly, oneMoment, migrates } = settings
  const database = readOnly
    ? openReadOnly(settings)
    : openConnection(settings, (connected) => requireOurs(connected, path))
  try {
    if (readOnly && oneMoment) database.exec("BEGIN")
    if (readOnly || !migrates) requireCurrent(database, path)
    else migrate(database, path)
  } catch (cause) {
    database.close()
    throw cause
  }
  return database
}

function openFailure(path: string, cause: unknown): StoreUnusable {
  if (cause instanceof StoreUnusable) return cause
  if (isSchemaGone(cause)) {
    const message =
      `The schema of the SQLite file ${path} is damaged: ${cause.message}. ` +
      "Keep a copy of the file for examination, and restore the last good backup."
    return new StoreUnusable({ message, cause, damaged: true })
  }
  const message =
    `The SQLite file ${path} cannot be opened: ${sqliteFailure(cause)} Check that it is a loan engine's database, ` +
    "that its directory exists and is writable, and that no other program holds it."
  return new StoreUnusable({ message, cause })
}

/** The file has our version, and yet a statement of ours meets a table or a column that is not there. */
const isSchemaGone = (cause: unknown): cause is Error =>
  isSqliteError(cause) && /^no such (?:table|column)/u.test(cause.message)

/** Brings an existing file up to date and nothing else; gives the version it had and the one it has. */
export const migrateFile = (
  settings: ConnectionSettings,
): Effect.Effect<{ readonly from: number; readonly to: number }, StoreUnusable> =>
  opening(settings.path, () => {
    const { path } = settings
    const database = openConnection(settings, (connected) => requireOurs(connected, path))
    try {
      return { from: migrate(database, path), to: schemaVersion }
    } finally {
      database.close()
    }
  })
