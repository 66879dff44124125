import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import { StoreUnusable } from "../../ports/loan-store.ts"
import { isSqliteError, openConnection, openReadOnly } from "./connection.ts"
import type { ConnectionSettings } from "./connection.ts"
import { sqliteFailure } from "./failure.ts"
import { migrate, requireCurrent, requireOurs, schemaVersion } from "./schema.ts"

export interface OpenSettings extends ConnectionSettings {
  /** If true, the file is not migrated, and every write is refused. */
  readonly readOnly: boolean
  /**
   * If true, everything is read as of the moment of opening. This is for readers that finish soon, because the log
   * cannot be emptied meanwhile. It requires `readOnly`.
   */
  readonly oneMoment: boolean
  /** Whether an older file is migrated. It must not be migrated by a command while an engine may be running. */
  readonly migrates: boolean
}

/** Opens a store's file. If that fails, the error says why. */
export const openDatabase = (settings: OpenSettings): Effect.Effect<DatabaseSync, StoreUnusable> =>
  opening(settings.path, () => opened(settings))

/** Runs something that opens a file or prepares its statements. If it fails, the file is unusable. */
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

/** The file has the right version, but lacks a table or a column that a statement names. */
const isSchemaGone = (cause: unknown): cause is Error =>
  isSqliteError(cause) && /^no such (?:table|column)/u.test(cause.message)

/** Migrates an existing file and does nothing else. The result is the old and the new version. */
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
