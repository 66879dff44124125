import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { migrate } from "@loan-engine/app/store/sqlite/schema"
import { migrationsFrom } from "@loan-engine/app/store/postgres/schema"
import { afterAll, describe, expect, it } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-columns-"))
afterAll(() => rmSync(directory, { recursive: true }))

const page = readFileSync(new URL("../../docs/journal.md", import.meta.url), "utf8")

/** Every column that the page names, as `table.column`. */
const told = new Set(
  [
    ...page
      .slice(page.indexOf("### Column by column"))
      .matchAll(/^\| (?!table )(\w+) +\| ([a-z_, ]+?) +\|/gmu),
  ].flatMap(([, table = "", columns = ""]) => columns.split(", ").map((column) => `${table}.${column}`)),
)

function sqliteColumns(): ReadonlyArray<string> {
  const path = join(directory, "columns.sqlite")
  const database = new DatabaseSync(path)
  migrate(database, path)
  const rows = database
    .prepare(
      "SELECT t.name AS of, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    )
    .all()
  database.close()
  return rows.map((row) => `${String(row["of"])}.${String(row["name"])}`)
}

/** The columns in the migrations, from lines of `CREATE TABLE` and `ADD COLUMN`. */
function postgresColumns(): ReadonlyArray<string> {
  const statements = migrationsFrom(0, "s", 0)
  return statements.flatMap((statement) => {
    const [, table, body] = /^CREATE TABLE s\.(\w+) \((.*)\)/su.exec(statement) ?? []
    const [, altered, added] = /^ALTER TABLE s\.(\w+) ADD COLUMN (\w+)/u.exec(statement) ?? []
    if (altered !== undefined) return [`${altered}.${added}`]
    if (table === undefined || body === undefined) return []
    return [...body.matchAll(/(?:^|[(,\n])\s*([a-z_]+) (?:text|bigint|integer|boolean|bytea)/gu)].map(
      ([, column]) => `${table}.${column}`,
    )
  })
}

describe("the page on tampering", () => {
  it.each([
    ["the SQLite store", sqliteColumns()],
    ["the PostgreSQL store", postgresColumns()],
  ])("says of every column of %s what finds its alteration, or why nothing does", (_name, columns) => {
    expect(columns.length).toBeGreaterThan(40)
    expect(columns.filter((column) => !told.has(column))).toEqual([])
  })

  it("names no column that neither store has", () => {
    const known = new Set([
      ...sqliteColumns(),
      ...postgresColumns(),
      "migrations.version",
      "migrations.migrated_at",
    ])
    expect([...told].filter((column) => !known.has(column))).toEqual([])
  })
})
