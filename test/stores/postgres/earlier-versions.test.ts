import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Database } from "@loan-engine/app/store/database"
import { migrationsFrom, postgresSchemaVersion } from "@loan-engine/app/store/postgres/schema"
import { postgresLimitsDefault } from "@loan-engine/app/store/postgres/settings"
import { schemaVersion } from "@loan-engine/app/store/sqlite/schema"
import { Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readFixture, tablesOfSchema, versionsBefore, versionsWithoutFixture } from "../fixtures/fixtures.ts"
import type { DumpedSchema } from "../fixtures/fixtures.ts"
import type { Row, Tables } from "../fixtures/upgrade.ts"
import { command, expectWholeUpgrade } from "../fixtures/upgrade.ts"
import type { PostgresServer } from "./server.ts"
import { query, startPostgres } from "./server.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-earlier-"))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const dumped = (version: number): DumpedSchema =>
  JSON.parse(readFixture("postgres", version).toString()) as DumpedSchema

/** A database with the schema as the engine of this version made it, and all its rows. */
async function fixture(version: number): Promise<string> {
  const { statements, tables } = dumped(version)
  const url = await server.newDatabase()
  for (const statement of statements) await query(url, statement)
  for (const [table, rows] of Object.entries(tables)) {
    await query(
      url,
      `INSERT INTO loan_engine.${table} SELECT * FROM json_populate_recordset(NULL::loan_engine.${table}, $1::text::json)`,
      [JSON.stringify(rows)],
    )
  }
  return url
}

/** They are about the database: another one has other values there. */
const notContent = new Set(["migrations", "feed_origin"])

async function read(url: string): Promise<Tables> {
  const names = await query(url, tablesOfSchema)
  const rows: Record<string, ReadonlyArray<Row>> = {}
  for (const table of names.map(({ name }) => String(name)).filter((name) => !notContent.has(name))) {
    const ordered = `SELECT * FROM loan_engine.${table} ORDER BY 1, 2`
    const found = await query(url, `SELECT row_to_json(one)::text AS row FROM (${ordered}) one`)
    rows[table] = found.map(({ row }) => JSON.parse(String(row)) as Row)
  }
  return { loans: [], journal: [], ...rows }
}

/** The statements of today's migrations that make something, in any layout. */
const todays = (partitions: number): ReadonlyArray<string> =>
  migrationsFrom(0, '"loan_engine"', partitions)
    .filter((statement) => !statement.startsWith("INSERT"))
    .map(inOneLine)

/** What the engine makes before it migrates. */
const asideOfMigrations = /^CREATE SCHEMA |\.migrations \(/u

const inOneLine = (statement: string): string => statement.replaceAll(/\s+/gu, " ")

describe("a PostgreSQL schema that an earlier engine wrote", () => {
  it("is kept for every earlier version of the schema", () => {
    expect(versionsWithoutFixture("postgres", postgresSchemaVersion)).toEqual([])
  })

  describe.for(versionsBefore(postgresSchemaVersion))("version %i", (version) => {
    it("is upgraded with all that it held, served, and sound", async () => {
      const url = await fixture(version)
      const database: Database = {
        store: "postgres",
        url: Redacted.make(url),
        schema: "loan_engine",
        notifies: true,
        limits: postgresLimitsDefault,
      }
      await expectWholeUpgrade({ database, read: () => read(url) })
    })

    it("was made by the statements of today's migrations: none of them was changed after it shipped", () => {
      const { statements, tables } = dumped(version)
      expect(tables["migrations"]).toHaveLength(version)
      const partitions = statements.filter((statement) =>
        / PARTITION OF \S+\.loans\s/u.test(statement),
      ).length
      const migrating = statements.map(inOneLine).filter((statement) => !asideOfMigrations.test(statement))
      expect(todays(partitions).slice(0, migrating.length)).toEqual(migrating)
    })
  })

  it("is what an upgraded SQLite file of that time can be copied into", async () => {
    const path = join(directory, "copied.sqlite")
    writeFileSync(path, readFixture("sqlite", schemaVersion - 1))
    await command(path, "migrate")
    const { rows } = (await command(path, "journal", "verify")) as { readonly rows: number }
    const url = await server.newDatabase()
    expect(await command(url, "copy", "--from", path)).toMatchObject({ rows })
    expect((await read(url)).journal).toHaveLength(rows)
  })
})
