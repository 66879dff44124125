import { DatabaseSync } from "node:sqlite"
import type { SQLOutputValue } from "node:sqlite"
import { isSqliteError } from "./connection.ts"
import { sqliteFailure } from "./failure.ts"
import { migrate } from "./schema.ts"

/** How many faults of the file are listed. One fault is enough to distrust the file. */
const faultsMax = 100

/**
 * Faults of the file. SQLite itself checks pages, indexes and column types. The schema is compared with what the
 * migrations make. Plain indexes and tables that others have added are harmless. Triggers and unique indexes are not.
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
    const ours = schemaOf(fresh)
    for (const [name, sql] of ours) {
      const found = is.get(name)
      if (found === undefined) faults.push(`The ${name} of the schema is missing`)
      else if (found !== sql)
        faults.push(`The ${name} of the schema differs from the one that the migrations made`)
    }
    for (const [name, sql] of is) {
      if (!ours.has(name) && refusesRows(name, sql)) faults.push(`The schema has an unknown ${name}`)
    }
    return faults
  } finally {
    fresh.close()
  }
}

/** Whether an added object can change or refuse a write: a trigger, or a unique index. */
const refusesRows = (name: string, sql: SQLOutputValue | undefined): boolean =>
  name.startsWith("trigger ") || (name.startsWith("index ") && /^create\s+unique\b/iu.test(String(sql)))

/**
 * Every object of a schema, by type and name, with its SQL. SQLite's own tables are left out, because they appear and
 * disappear.
 */
function schemaOf(database: DatabaseSync): ReadonlyMap<string, SQLOutputValue | undefined> {
  const rows = database
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE type <> 'table' OR name NOT LIKE 'sqlite_%'")
    .all()
  return new Map(rows.map((row) => [`${String(row["type"])} ${String(row["name"])}`, row["sql"]]))
}
