import { DatabaseSync } from "node:sqlite"
import type { SQLOutputValue } from "node:sqlite"
import { isSqliteError } from "./sqlite-connection.ts"
import { sqliteFailure } from "./sqlite-failure.ts"
import { migrate } from "./sqlite-schema.ts"

/** How many faults of the file are listed; one is enough to stop trusting it. */
const faultsMax = 100

/**
 * What is wrong with the file itself: pages, indexes and column types by SQLite's own check, and whatever of the schema is
 * not as the migrations make it. Indexes and tables that others have added do no harm; a trigger does.
 */
export function sqliteFaults(database: DatabaseSync, path: string): ReadonlyArray<string> {
  return [...schemaFaults(database, path), ...storageFaults(database)]
}

function storageFaults(database: DatabaseSync): ReadonlyArray<string> {
  try {
    const rows = database.prepare(`PRAGMA integrity_check(${faultsMax})`).all()
    return rows
      .map((row) => String(row["integrity_check"]))
      .filter((line) => line !== "ok")
      .map((line) => `SQLite finds the file damaged: ${line.replaceAll(/\s+/gu, " ")}`)
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause
    return [`SQLite cannot check the file: ${sqliteFailure(cause)}`]
  }
}

function schemaFaults(database: DatabaseSync, path: string): ReadonlyArray<string> {
  const fresh = new DatabaseSync(":memory:")
  try {
    migrate(fresh, path)
    const is = schemaOf(database)
    const faults: Array<string> = []
    for (const [name, sql] of schemaOf(fresh)) {
      const found = is.get(name)
      if (found === undefined) faults.push(`The ${name} of the schema is missing`)
      else if (found !== sql) faults.push(`The ${name} of the schema is not as the migrations made it`)
    }
    for (const name of is.keys()) {
      if (name.startsWith("trigger ")) faults.push(`The schema has a ${name}, which is not ours`)
    }
    return faults
  } finally {
    fresh.close()
  }
}

/** Every object of a schema by its type and name, with the statement that makes it; SQLite's own tables come and go. */
function schemaOf(database: DatabaseSync): ReadonlyMap<string, SQLOutputValue | undefined> {
  const rows = database
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE type <> 'table' OR name NOT LIKE 'sqlite_%'")
    .all()
  return new Map(rows.map((row) => [`${String(row["type"])} ${String(row["name"])}`, row["sql"]]))
}
