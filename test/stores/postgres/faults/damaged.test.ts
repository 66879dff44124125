import { closeSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { apiKey, startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"
import { expectReady } from "../../../whole/slice/expect-ready.ts"
import { scoped } from "../engines.ts"
import type { PostgresServer } from "../server.ts"
import { query, session, startPostgres, until } from "../server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const pageBytes = 8_192
const atOnce = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20" }
const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

function overwriteFirstPage(path: string): void {
  const file = openSync(path, "r+")
  writeSync(file, new Uint8Array(pageBytes).fill(7), 0, pageBytes, 0)
  closeSync(file)
}

/** Harms the file of each of these tables while the server is stopped. */
async function damage(url: string, tables: string, harm: (path: string) => void): Promise<void> {
  await query(url, "CHECKPOINT")
  const rows = await query(
    url,
    `SELECT pg_relation_filepath(oid) AS path FROM pg_class
     WHERE relnamespace = 'loan_engine'::regnamespace AND relkind = 'r' AND relname ~ $1 AND pg_relation_size(oid) > 0`,
    [`^${tables}$`],
  )
  expect(rows.length).toBeGreaterThan(0)
  await server.stop()
  for (const { path } of rows) harm(join(server.directory, String(path)))
  await server.start()
}

describe.each<[string, string, (path: string) => void]>([
  ["a damaged page of the journal", "journal_[0-9]+", overwriteFirstPage],
  ["a damaged page of the loans", "loans_[0-9]+", overwriteFirstPage],
  ["a journal whose file is gone", "journal_[0-9]+", (path) => rmSync(path)],
  ["loans whose file is gone", "loans_[0-9]+", (path) => rmSync(path)],
])("a PostgreSQL store with %s", (_name, tables, harm) => {
  it("is found by verify and replay, as their exit code shows", async () => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, atOnce)
    for (let number = 0; number < 40; number++) {
      expect((await engine.callback(signed(`loan-${number}`))).status).toBe(200)
    }
    expect(await engine.stop()).toBe(0)
    await damage(url, tables, harm)
    for (const command of ["verify", "replay"]) {
      const { code, out, err } = await runCli(["journal", command], { LOAN_ENGINE_DATABASE_URL: url })
      expect(code, out + err).toBe(5)
      expect(out + err).not.toContain("a defect")
    }
  })
})

describe("a PostgreSQL store with a damaged page in one partition of the loans", () => {
  it("leaves the engine not ready, although other partitions can be written; log, ready and doctor say why", async () => {
    const url = await server.newDatabase()
    const before = await startEngine(url, atOnce)
    for (let number = 0; number < 40; number++) await before.callback(signed(`loan-${number}`))
    expect(await before.stop()).toBe(0)
    await damage(url, "loans_2", overwriteFirstPage)
    const engine = await startEngine(url, atOnce)
    expect(await statusesOf(engine)).toEqual(new Set([200, 503]))
    expect((await engine.api("GET", "/health/ready")).status).toBe(503)
    expect(engine.written()).toContain("invalid page in block")
    const { port } = new URL(engine.url)
    const { out } = await runCli(["doctor", "--with-key"], {
      LOAN_ENGINE_DATABASE_URL: url,
      LOAN_ENGINE_API_KEY: apiKey,
      LOAN_ENGINE_PORT: port,
    })
    expect(out).toMatch(/engine +failed .*store unavailable.*invalid page in block/u)
    expect(await engine.stop()).toBe(0)
  })
})

/** Sends callbacks about new loans, enough for every partition. */
async function statusesOf(engine: EngineProcess): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>()
  for (let number = 0; number < 20; number++)
    statuses.add((await engine.callback(signed(`new-${number}`))).status)
  return statuses
}

describe("a PostgreSQL store with a table that somebody has locked", () => {
  it("is not ready while the journal is locked, and is ready again after that", async () => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, { ...atOnce, LOAN_ENGINE_DATABASE_LOCK_MS_MAX: "100" })
    await expectReady(engine, signed("A"), true)
    await scoped(
      Effect.gen(function* () {
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.journal IN EXCLUSIVE MODE")
        yield* Effect.promise(() => expectReady(engine, signed("B"), false))
        expect(engine.written()).toContain("lock timeout")
        yield* other.query("COMMIT")
        yield* until(async () => (await engine.api("GET", "/health/ready")).status === 200)
      }),
    )
    await expectReady(engine, signed("B"), true)
    expect(await engine.stop()).toBe(0)
  })

  it("says in the log why a request that reads it is answered 503", async () => {
    const url = await server.newDatabase()
    const engine = await startEngine(url, { ...atOnce, LOAN_ENGINE_DATABASE_LOCK_MS_MAX: "100" })
    await scoped(
      Effect.gen(function* () {
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("LOCK TABLE loan_engine.callback_days")
        const { status } = yield* Effect.promise(() => engine.api("GET", "/v1/accounts"))
        expect(status).toBe(503)
        expect(engine.written()).toContain("requests are answered 503")
      }),
    )
    expect(await engine.stop()).toBe(0)
  })
})
