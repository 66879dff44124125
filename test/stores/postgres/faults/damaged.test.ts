import { closeSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { startEngine } from "../../../whole/slice/engine-process.ts"
import { scoped } from "../engines.ts"
import type { PostgresServer } from "../server.ts"
import { query, session, startPostgres } from "../server.ts"

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
    [`^${tables}_[0-9]+$`],
  )
  expect(rows.length).toBeGreaterThan(0)
  await server.stop()
  for (const { path } of rows) harm(join(server.directory, String(path)))
  await server.start()
}

describe.each<[string, string, (path: string) => void]>([
  ["a damaged page of the journal", "journal", overwriteFirstPage],
  ["a damaged page of the loans", "loans", overwriteFirstPage],
  ["a journal whose file is gone", "journal", (path) => rmSync(path)],
  ["loans whose file is gone", "loans", (path) => rmSync(path)],
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

describe("a PostgreSQL store with a table that somebody has locked", () => {
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
