import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { migrate, schemaVersion } from "@loan-engine/app/store/sqlite/schema"
import { sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { afterAll, describe, expect, it } from "vitest"
import { readFixture, versionOfFile, versionsBefore, versionsWithoutFixture } from "../fixtures/fixtures.ts"
import type { Row, Tables } from "../fixtures/upgrade.ts"
import { command, expectWholeUpgrade } from "../fixtures/upgrade.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-earlier-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** A copy of the file that the engine of this version wrote. */
function fixture(version: number): string {
  const path = join(directory, `version-${version}.sqlite`)
  writeFileSync(path, readFixture("sqlite", version))
  return path
}

/** A journal row of version 1 had columns for what is the text of its hash since then. */
const journalColumns =
  "position, application_reference, version, iif(raw IS NULL, NULL, hex(raw)) AS raw, hash, repeats, last_repeated_at"

function read(path: string): Tables {
  const database = new DatabaseSync(path, { readOnly: true })
  const rowsOf = (table: string): ReadonlyArray<Row> =>
    database
      .prepare(`SELECT ${table === "journal" ? journalColumns : "*"} FROM ${table} ORDER BY 1, 2`)
      .all()
      .map((row) => ({ ...row }))
  const tables = tablesOf(database)
  const rows = Object.fromEntries(tables.map((table) => [table, rowsOf(table)]))
  database.close()
  return { loans: [], journal: [], ...rows }
}

const tablesOf = (database: DatabaseSync): ReadonlyArray<string> =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name))

/** The statements that made a file's tables and indexes, in any layout. */
function shapeOf(database: DatabaseSync): ReadonlyArray<string> {
  const made = database
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all()
  database.close()
  return made.map(({ sql }) => String(sql).replaceAll(/\s+/gu, " ")).toSorted()
}

describe("an SQLite file that an earlier engine wrote", () => {
  it("is kept for every earlier version of the schema", () => {
    expect(versionsWithoutFixture("sqlite", schemaVersion)).toEqual([])
  })

  describe.for(versionsBefore(schemaVersion))("version %i", (version) => {
    it("is upgraded with all that it held, served, and sound", async () => {
      const path = fixture(version)
      expect(versionOfFile(path)).toBe(version)
      await expectWholeUpgrade({
        database: { store: "sqlite", path, limits: sqliteDefaults },
        read: () => Promise.resolve(read(path)),
      })
      expect(versionOfFile(path)).toBe(schemaVersion)
    })

    it("has the schema that today's migrations make: none of them was changed after it shipped", () => {
      const fresh = new DatabaseSync(":memory:")
      migrate(fresh, "fresh", version)
      expect(shapeOf(new DatabaseSync(fixture(version)))).toEqual(shapeOf(fresh))
    })
  })

  it("can be backed up once it is upgraded", async () => {
    const path = fixture(schemaVersion - 1)
    const held = read(path)
    await command(path, "migrate")
    const file = join(directory, "backup.sqlite")
    expect(await command(path, "backup", "--to", file)).toMatchObject({
      rows: held.journal.length,
      loans: held.loans.length,
    })
    expect(read(file)).toEqual(read(path))
  })
})
