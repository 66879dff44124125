import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { filledStore } from "../../bench/open-loans.ts"
import { testMsMax } from "../../patience.ts"
import { password, query, session, startPostgres, until, urlOf } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { decision } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-many-reads-"))
afterAll(() => rmSync(directory, { recursive: true }))

const [atOnce, waiting] = [2, 3]
const few = {
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_STOP_MS_MAX: "1",
  LOAN_ENGINE_READS_AT_ONCE_MAX: String(atOnce),
  LOAN_ENGINE_READS_WAITING_MAX: String(waiting),
  LOAN_ENGINE_READ_MS_MAX: String(testMsMax),
}

/** Many requests for the same slow read. `abort` gives up those that have no answer yet. */
function readMany({ url }: EngineProcess, path: string) {
  const given = new AbortController()
  const statuses: Array<number> = []
  const answers = Array.from({ length: 12 }, async () => {
    const answer = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${apiKey}`, connection: "close" },
      signal: given.signal,
    })
    statuses.push(answer.status)
    return { answer, problem: answer.status === 503 ? await answer.json() : undefined }
  })
  const all = Promise.allSettled(answers)
  return { statuses, answers, abort: () => (given.abort(), all) }
}

const refusedNumber = 12 - atOnce - waiting

async function answersBeside(engine: EngineProcess, path: string, loan: string): Promise<void> {
  const reads = readMany(engine, path)
  await expect.poll(() => reads.statuses.length).toBeGreaterThanOrEqual(refusedNumber)
  expect((await engine.callback(decision(loan, "APPROVED"))).status).toBe(200)
  expect((await engine.api("GET", `/v1/loans/${loan}`)).status).toBe(200)
  // The reads that were not refused are still running.
  expect(new Set(reads.statuses)).toEqual(new Set([503]))
  const { answer, problem } = await Promise.any(reads.answers)
  expect([problem, Number(answer.headers.get("retry-after")) > 0]).toMatchObject([
    { code: "reads-exhausted", detail: expect.stringContaining("readsWaitingMax") },
    true,
  ])
  await reads.abort()
}

describe("beside more slow reads than the engine takes, callbacks are answered, and abandoned reads delay nobody:", () => {
  it("on SQLite", async () => {
    const path = await filledStore(join(directory, "many.sqlite"), 200_000)
    const engine = await startEngine(path, { ...few, LOAN_ENGINE_LOANS_SCANNED_MAX: "200000" })
    const slow = "/v1/loans?additionOutstanding=true&limit=500"
    for (const round of [1, 2, 3]) await answersBeside(engine, slow, `free-${round}`)
    expect((await engine.api("GET", "/v1/loans?reference=free")).status).toBe(200)
    expect(engine.written()).toContain("a list, a history or a count was refused")
    await engine.stop()
  })

  describe("on PostgreSQL", () => {
    const [stuck, free] = [
      "/v1/loans?account=default&reference=stuck",
      "/v1/loans?account=default&reference=free",
    ]
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(() => server.remove())

    /** An engine on a database in which a list waits for a lock as soon as it reads the loan `stuck`. */
    async function startStuck(name: string, environment: Readonly<Record<string, string>>) {
      const url = await server.newDatabase()
      const database = new URL(url).pathname.slice(1)
      await query(url, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
      await query(url, `GRANT ALL ON DATABASE ${database} TO ${name}`)
      const engine = await startEngine(urlOf(server.port, database, name), {
        ...few,
        LOAN_ENGINE_DATABASE_CONNECTIONS_MAX: "3",
        LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: String(testMsMax),
        LOAN_ENGINE_DATABASE_LOCK_MS_MAX: String(testMsMax),
        ...environment,
      })
      expect((await engine.callback(decision("stuck", "APPROVED"))).status).toBe(200)
      for (const sql of [
        // Otherwise PostgreSQL would check the policy before it looks for the reference.
        "ALTER FUNCTION text_ge(text, text) LEAKPROOF",
        "ALTER FUNCTION text_lt(text, text) LEAKPROOF",
        `CREATE FUNCTION public.waits() RETURNS boolean LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN true; END'`,
        "ALTER TABLE loan_engine.loans ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        `CREATE POLICY stuck ON loan_engine.loans USING (CASE WHEN application_reference = 'stuck' THEN public.waits() ELSE true END)
          WITH CHECK (true)`,
      ]) {
        await query(url, sql)
      }
      return { engine, url }
    }

    const whileLocked = (url: string, use: () => Promise<void>): Promise<void> =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const { query: ask } = yield* session(url)
            yield* ask("SELECT pg_advisory_lock(7)")
            yield* Effect.promise(use)
          }),
        ),
      )

    it("a read that its caller gave up leaves its connection to callbacks", async () => {
      const { engine, url } = await startStuck("clerk", {})
      await whileLocked(url, async () => {
        for (const round of [1, 2, 3]) await answersBeside(engine, stuck, `free-${round}`)
        expect((await engine.api("GET", free)).status).toBe(200)
        const blocked = "SELECT 1 AS one FROM pg_stat_activity WHERE wait_event = 'advisory'"
        await Effect.runPromise(until(async () => (await query(url, blocked)).length === 0))
      })
      await engine.stop()
    })

    it("a read that takes longer than `readMsMax` ends, and so does one that waits for it", async () => {
      const { engine, url } = await startStuck("hasty", {
        LOAN_ENGINE_READ_MS_MAX: "500",
        LOAN_ENGINE_READS_AT_ONCE_MAX: "1",
      })
      await whileLocked(url, async () => {
        const answers = await Promise.all(
          [1, 2].map(() => engine.api("GET", stuck).then((answer) => answer.json())),
        )
        expect(answers).toMatchObject(
          [1, 2].map(() => ({ code: "reads-exhausted", detail: expect.stringContaining("readMsMax") })),
        )
        expect((await engine.api("GET", free)).status).toBe(200)
      })
      await engine.stop()
    })
  })
})
