import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { copiedTables } from "@loan-engine/app/copy/copied-tables"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { stages } from "@loan-engine/domain/legal-transitions"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { childEnvironment, mainPath } from "../../checkout.ts"
import { openEvents } from "../../doors/api/event-stream.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { account, letOneRest, restless } from "../../engine/journal/lived-store.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { makeFullStore } from "./copied-store.ts"
import type { PostgresServer } from "./server.ts"
import { password, query, startPostgres, until } from "./server.ts"

const loans = 3_000
const directory = mkdtempSync(join(tmpdir(), "loan-engine-copy-"))
const full = join(directory, "full.sqlite")
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
  await makeFullStore(full, loans)
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const copy = (from: string, url: string, ...more: ReadonlyArray<string>) =>
  runCli(["copy", "--from", from, ...more], { LOAN_ENGINE_DATABASE_URL: url })

interface Proof {
  readonly loans: number
  readonly rows: number
  readonly checkpoints: number
  readonly newestCheckpoint: { readonly number: number; readonly hash: string }
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly digest: string }>>
}

const rowsIn = async (url: string): Promise<number> => {
  const [row] = await query(
    url,
    `SELECT (SELECT count(*) FROM loan_engine.loans)::int + (SELECT count(*) FROM loan_engine.journal)::int
       + (SELECT count(*) FROM loan_engine.checkpoints)::int AS rows`,
  )
  return Number(row?.["rows"])
}

/** Everything that a store's ports can read: the loans with their schedules and histories, and all other data. */
const readWhole = Effect.gen(function* () {
  const [store, journal] = [yield* LoanStore, yield* JournalStore]
  const found = []
  for (const of of yield* store.accounts) {
    for (let after = ""; ;) {
      const page = yield* store.loans({ account: of, after, limit: 1_000 })
      const last = page.at(-1)
      if (last === undefined) break
      found.push(...page)
      after = last.loan.applicationReference
    }
  }
  const first = found.slice(0, 200)
  return {
    loans: found,
    histories: yield* Effect.forEach(first, ({ loan }) => store.history(loan.applicationReference)),
    checkpoints: yield* journal.checkpoints({ after: 0, limit: 10_000 }),
    feed: (yield* journal.sealable({ after: 0, limit: 100_000 })).map((row) => ({ ...row })),
    days: yield* journal.callbackDays(0),
    countedTo: yield* journal.callbacksCountedTo,
    intent: yield* store.callbackIntent(account, "https://other-bank.example/Ä"),
    registration: yield* store.callbackRegistration(account, "https://bank.example/Ä"),
  }
})
const inFile = (path: string) =>
  Effect.runPromise(Effect.provide(readWhole, layerSqlite({ path, ...sqliteDefaults, readOnly: true })))
const inDatabase = (url: string) =>
  Effect.runPromise(
    Effect.provide(
      readWhole,
      layerPostgres({ ...postgresDefaults, url: Redacted.make(url), readOnly: true, notifies: false }),
    ),
  )

/** Starts a copy, and kills it when it writes journal rows. The result is whether the copy was still running. */
async function killedWhileCopying(url: string): Promise<boolean> {
  const child = spawn(process.execPath, [mainPath, "copy", "--from", full], {
    env: { ...childEnvironment, LOAN_ENGINE_DATABASE_URL: url },
    stdio: "ignore",
  })
  const exited = once(child, "exit")
  const writing = `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
    AND application_name = 'loan-engine' AND query LIKE 'INSERT INTO%.journal %'`
  await Effect.runPromise(
    until(async () => child.exitCode !== null || (await query(url, writing)).length > 0),
  )
  child.kill("SIGKILL")
  const [, signal] = await exited
  return signal === "SIGKILL"
}

describe("loan-engine copy", () => {
  it("copies a whole file with thousands of loans at every stage into PostgreSQL, and verifies the copy", async () => {
    const url = await server.newDatabase()
    const { code, out, err } = await copy(full, url, "--json")
    expect([code, err]).toEqual([0, ""])
    expect(out).not.toContain(password)
    const proof = JSON.parse(out) as Proof
    expect(proof.loans).toBe(loans + 1)
    expect(proof.tables["loans"]?.rows).toBe(proof.loans)
    expect(proof.tables["journal"]?.rows).toBe(proof.rows)
    expect(proof.tables["checkpoints"]?.rows).toBe(proof.checkpoints)
    expect(proof.checkpoints).toBeGreaterThan(40)
    expect(proof.tables["webhook_endpoints"]?.rows).toBe(2)
    expect(proof.tables["webhook_parked"]?.rows).toBe(3)
    const there = await inDatabase(url)
    expect(there).toEqual(await inFile(full))
    expect(new Set(there.loans.map(({ loan }) => loan.stage))).toEqual(new Set(stages))
    const { number, hash } = proof.newestCheckpoint
    for (const args of [["verify", "--anchor", `${number}:${hash}`], ["replay"]]) {
      expect((await runCli(["journal", ...args], { LOAN_ENGINE_DATABASE_URL: url })).code).toBe(0)
    }
    // The second copy finds the data of the first.
    const before = await rowsIn(url)
    const again = await copy(full, url)
    expect(again.code).toBe(2)
    expect(again.err).toMatch(/not empty.*LOAN_ENGINE_DATABASE_SCHEMA.*Nothing was copied/su)
    expect(await rowsIn(url)).toBe(before)
  })

  it("copies a loan that rests by shorter horizons than the defaults", async () => {
    const resting = join(directory, "resting.sqlite")
    await letOneRest(resting)
    const url = await server.newDatabase()
    expect(await copy(resting, url)).toMatchObject({ code: 0 })
    expect(await runCli(["journal", "verify", "--database", url], {})).toMatchObject({ code: 0 })
  })

  it("copies a loan that rested before the engine wrote so, by the engine's settings", async () => {
    const resting = join(directory, "rested-earlier.sqlite")
    await letOneRest(resting)
    const database = new DatabaseSync(resting)
    database.exec("UPDATE loans SET watermark = json_remove(watermark, '$.restedAt')")
    database.close()
    const settings = { LOAN_ENGINE_DATABASE_URL: await server.newDatabase(), ...restless }
    expect(await runCli(["copy", "--from", resting], settings)).toMatchObject({ code: 0 })
  })

  it("knows every table and column that a file has", () => {
    const database = new DatabaseSync(full, { readOnly: true })
    const columns = database
      .prepare(
        `SELECT s.name AS held, c.name AS part FROM sqlite_schema s JOIN pragma_table_info(s.name) c
         WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%'`,
      )
      .all()
      .map((row) => `${String(row["held"])}.${String(row["part"])}`)
    database.close()
    const copied = copiedTables.flatMap(({ name, columns: its }) =>
      its.map(([column]) => `${name}.${column}`),
    )
    expect(copied.toSorted()).toEqual(columns.toSorted())
  })

  it("keeps positions, so that followers of the feed continue where they were; later changes come after", async () => {
    const url = await server.newDatabase()
    await (await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })).stop()
    // Simulates a server whose transaction numbers are far below the positions in the file.
    await query(url, "UPDATE loan_engine.feed_origin SET base = -1000000000")
    expect((await copy(full, url)).code).toBe(0)
    const last = (await inFile(full)).feed.at(-1)?.position ?? 0
    const engine = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const stream = await openEvents(`${engine.url}/v1/changes`, { "last-event-id": String(last - 1) })
    const body = JSON.stringify({
      externalApplicationEvent: { applicationReference: "new", applicationEventType: "SIGNED" },
    })
    expect((await engine.callback(body)).status).toBe(200)
    const [kept, next] = await stream.positions(2)
    expect(kept).toBe(last)
    expect(next).toBeGreaterThan(last)
    stream.close()
    expect(await engine.stop()).toBe(0)
    const verified = await runCli(["journal", "verify"], { LOAN_ENGINE_DATABASE_URL: url })
    expect([verified.code, verified.err]).toEqual([0, ""])
  })

  it("leaves nothing when it is killed, and then succeeds on the next run", async () => {
    let url = await server.newDatabase()
    // On a busy machine a kill may be too late. Then another copy is killed.
    while (!(await killedWhileCopying(url))) url = await server.newDatabase()
    const sessions =
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    await Effect.runPromise(until(async () => (await query(url, sessions)).length === 0))
    expect(await rowsIn(url)).toBe(0)
    const { code, out } = await copy(full, url, "--json")
    expect(code).toBe(0)
    expect(await rowsIn(url)).toBe(
      ["loans", "journal", "checkpoints"].reduce(
        (sum, name) => sum + ((JSON.parse(out) as Proof).tables[name]?.rows ?? 0),
        0,
      ),
    )
  })

  it("refuses a file that an engine uses, that somebody writes, or that was changed", async () => {
    const url = await server.newDatabase()
    const path = join(directory, "in-use.sqlite")
    copyFileSync(full, path)
    const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const inUse = await copy(path, url)
    expect([inUse.code, await engine.stop()]).toEqual([2, 0])
    expect(inUse.err).toContain("Another loan engine is running")

    const writer = new DatabaseSync(path)
    writer.exec("BEGIN IMMEDIATE")
    const written = await runCli(["copy", "--from", path], {
      LOAN_ENGINE_DATABASE_URL: url,
      LOAN_ENGINE_BUSY_TIMEOUT_MS: "50",
    })
    writer.exec("COMMIT")
    expect(written.code).toBe(2)
    expect(written.err).toContain("locked")

    writer.exec("UPDATE journal SET repeats = -1 WHERE position = 3")
    writer.close()
    const tampered = await copy(path, url)
    expect(tampered.code).toBe(1)
    expect(tampered.err).toContain("repeats-impossible")
    expect(tampered.err).toContain("it is not used")
    expect(await rowsIn(url)).toBe(0)
  })

  it("refuses an unsuitable source or target with the setting's name, and changes nothing", async () => {
    const url = await server.newDatabase()
    const older = join(directory, "older.sqlite")
    copyFileSync(full, older)
    const database = new DatabaseSync(older)
    database.exec("PRAGMA user_version = 1")
    database.close()
    const newer = await server.newDatabase()
    await (await startEngine(newer, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })).stop()
    await query(newer, "INSERT INTO loan_engine.migrations (version) VALUES (999)")
    const standsAlone = await server.newDatabase()
    await query(standsAlone, "CREATE SCHEMA loan_engine")
    await query(standsAlone, "CREATE TABLE loan_engine.callback_days (ours integer)")
    const refusals = [
      [older, url, /older loan engine.*migrate/su],
      [full, newer, /newer loan engine.*LOAN_ENGINE_DATABASE_URL/su],
      [full, standsAlone, /"callback_days" already exists/su],
      [full, full, /no PostgreSQL database to copy into.*LOAN_ENGINE_DATABASE_URL/su],
      [url, url, /--from must be an SQLite file/su],
      [join(directory, "nowhere.sqlite"), url, /no file/su],
      [
        full,
        url.replace(/127.0.0.1:\d+/u, "127.0.0.1:1,127.0.0.1:2"),
        /127.0.0.1:2: .*LOAN_ENGINE_DATABASE_URL/su,
      ],
    ] as const
    for (const [from, to, message] of refusals) {
      const { code, out, err } = await copy(from, to)
      expect([code, out], err).toEqual([2, ""])
      expect(err).toMatch(message)
      expect(err).not.toContain(password)
    }
  })
})
