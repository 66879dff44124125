import { inspect } from "node:util"
import { LoanStore, StoreUnusable } from "@loan-engine/app/ports/loan-store"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresSchemaVersion } from "@loan-engine/app/store/postgres/schema"
import type { PostgresSettings } from "@loan-engine/app/store/postgres/settings"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { serverFault } from "@loan-engine/app/store/postgres/server/server"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freePort } from "../../whole/slice/engine-process.ts"
import { openEngine, scoped, signedAt } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { password, query, session, startPostgres, startStandby, urlOf } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** Opens a store at a URL and expects a refusal. The result is the text for the operator. */
async function refusal(url: string, settings: Partial<PostgresSettings> = {}): Promise<string> {
  const layer = layerPostgres({ ...postgresDefaults, url: Redacted.make(url), ...settings })
  const error = await Effect.runPromise(Effect.flip(Effect.provide(Effect.asVoid(LoanStore), layer)))
  expect(error).toBeInstanceOf(StoreUnusable)
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(password)
  return error.message
}
const opened = (url: string, settings: Partial<PostgresSettings> = {}) =>
  scoped(Effect.asVoid(openEngine(url, settings)))

/** A role that can log in but has no other rights. */
async function newRole(url: string, name: string): Promise<string> {
  await query(url, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
  return urlOf(server.port, new URL(url).pathname.slice(1), name)
}
const tablesIn = async (url: string): Promise<number> => {
  const [row] = await query(
    url,
    "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'loan_engine'",
  )
  return Number(row?.["tables"])
}

describe("a PostgreSQL database is refused at start, with the setting to look at,", () => {
  it("when nothing answers, the user is unknown, or the database does not exist", async () => {
    const url = await server.newDatabase()
    expect(await refusal(urlOf(await freePort(), "postgres"))).toMatch(
      /ECONNREFUSED.*LOAN_ENGINE_DATABASE_URL/su,
    )
    expect(await refusal(urlOf(server.port, "nowhere"))).toMatch(
      /"nowhere" does not exist.*LOAN_ENGINE_DATABASE_URL/su,
    )
    expect(await refusal(url.replace(password, "not-the-one"))).toMatch(
      /authentication failed.*the user and the password in LOAN_ENGINE_DATABASE_URL/su,
    )
  })

  it("when the role may not create the schema, and nothing is created", async () => {
    const url = await server.newDatabase()
    const role = await newRole(url, "may_nothing")
    expect(await refusal(role)).toMatch(/permission denied.*LOAN_ENGINE_DATABASE_SCHEMA/su)
    expect(await tablesIn(url)).toBe(0)
  })

  it("when the role lacks a right on the tables, which is named; with exactly the named rights it works", async () => {
    const url = await server.newDatabase()
    await opened(url)
    const role = await newRole(url, "narrow")
    expect(await refusal(role)).toContain("permission denied")
    await query(url, "GRANT USAGE ON SCHEMA loan_engine TO narrow")
    await query(url, "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA loan_engine TO narrow")
    expect(await refusal(role)).toContain('UPDATE on "loan_engine".loans')
    await query(url, "GRANT UPDATE ON ALL TABLES IN SCHEMA loan_engine TO narrow")
    expect(await refusal(role)).toContain('DELETE on "loan_engine".callback_intents')
    await query(url, "GRANT DELETE ON loan_engine.callback_intents TO narrow")
    expect(await refusal(role)).toContain('DELETE on "loan_engine".webhook_parked')
    await query(url, "GRANT DELETE ON loan_engine.webhook_parked, loan_engine.callback_intents TO narrow")
    await query(url, "REVOKE UPDATE ON loan_engine.feed_origin, loan_engine.checkpoints FROM narrow")
    await scoped(Effect.flatMap(openEngine(role), (engine) => engine.record("A", signedAt(1), "a")))
  })

  it("when a newer program made its schema; a schema of an older program is only read", async () => {
    const url = await server.newDatabase()
    expect(await refusal(url, { readOnly: true })).toContain("has no loans yet")
    await opened(url)
    await opened(url, { readOnly: true })
    await query(url, "INSERT INTO loan_engine.migrations (version) VALUES (999)")
    expect(await refusal(url)).toMatch(/newer loan engine.*999.*LOAN_ENGINE_DATABASE_URL/su)
    expect(await refusal(url, { readOnly: true })).toContain("newer loan engine")
  })

  it("when a migration fails: nothing of it remains", async () => {
    const url = await server.newDatabase()
    await query(url, "CREATE SCHEMA loan_engine")
    await query(url, "CREATE TABLE loan_engine.callback_days (ours integer)")
    expect(await refusal(url)).toContain('"callback_days" already exists')
    expect(await tablesIn(url)).toBe(1)
    await query(url, "DROP TABLE loan_engine.callback_days")
    await opened(url)
  })

  it("when it is read-only, or may lose acknowledged data, or cannot store every text", async () => {
    const readOnly = await server.newDatabase()
    await query(
      readOnly,
      `ALTER DATABASE ${new URL(readOnly).pathname.slice(1)} SET default_transaction_read_only = on`,
    )
    expect(await refusal(readOnly)).toMatch(/default_transaction_read_only.*LOAN_ENGINE_DATABASE_URL/su)
    const forgetful = await server.newDatabase()
    await query(
      forgetful,
      `ALTER DATABASE ${new URL(forgetful).pathname.slice(1)} SET synchronous_commit = off`,
    )
    expect(await refusal(forgetful)).toMatch(/synchronous_commit is off.*LOAN_ENGINE_DATABASE_URL/su)
    const latin = await server.newDatabase("TEMPLATE template0 ENCODING 'LATIN1'")
    expect(await refusal(latin)).toMatch(/encoded in LATIN1.*LOAN_ENGINE_DATABASE_URL/su)
  })

  it("when it is a standby, which may still be read", async () => {
    const url = await server.newDatabase()
    await scoped(Effect.flatMap(openEngine(url), (engine) => engine.record("A", signedAt(1), "a")))
    const standby = await startStandby(server)
    try {
      const there = urlOf(standby.port, new URL(url).pathname.slice(1))
      expect(await refusal(there)).toMatch(/standby.*LOAN_ENGINE_DATABASE_URL at the primary/su)
      await scoped(
        Effect.gen(function* () {
          const engine = yield* openEngine(there, { readOnly: true })
          expect(yield* engine.journal.feed({ after: 0, limit: 10 })).toHaveLength(1)
          expect((yield* Effect.flip(engine.loans.ready))._tag).toBe("StoreUnavailable")
        }),
      )
    } finally {
      await standby.remove()
    }
  })
})

describe("several engines that open an empty database at the same time", () => {
  it("create its tables once", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.all([openEngine(url), openEngine(url), openEngine(url)], { concurrency: "unbounded" }),
    )
    const [row] = await query(url, "SELECT count(*)::int AS migrations FROM loan_engine.migrations")
    expect(row?.["migrations"]).toBe(postgresSchemaVersion)
  })

  it("or have their own schemas, each with its number of partitions", async () => {
    const url = await server.newDatabase()
    await opened(url, { schema: "ours", databasePartitions: 3 })
    await opened(url, { schema: "user", databasePartitions: 5 })
    const rows = await query(
      url,
      `SELECT schemaname, count(*)::int AS partitions FROM pg_tables WHERE tablename LIKE 'loans\\_%'
       GROUP BY schemaname ORDER BY schemaname`,
    )
    expect(rows).toEqual([
      { schemaname: "ours", partitions: 3 },
      { schemaname: "user", partitions: 5 },
    ])
  })
})

describe("a server that is too old", () => {
  it("is refused because of its version", async () => {
    const url = await server.newDatabase()
    // No older server is available here. So this server reports the version number of an older one.
    await query(url, "CREATE SCHEMA older")
    await query(
      url,
      `CREATE FUNCTION older.current_setting(name text) RETURNS text LANGUAGE sql AS
        $$ SELECT CASE name WHEN 'server_version_num' THEN '130011' ELSE pg_catalog.current_setting(name) END $$`,
    )
    await scoped(
      Effect.gen(function* () {
        const connection = yield* session(url)
        yield* connection.query("SET search_path = older, pg_catalog")
        expect(yield* serverFault(connection, false)).toMatch(
          /version 13; .* 14 or newer.*LOAN_ENGINE_DATABASE_URL/su,
        )
      }),
    )
  })
})
