import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"
import { expectReady } from "../../../whole/slice/expect-ready.ts"
import type { PostgresServer } from "../server.ts"
import { query, startAsynchronousStandby, startPostgres, until, urlOf } from "../server.ts"

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

const quick = {
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_CHECKPOINT_EVERY_MS: "50",
  LOAN_ENGINE_DATABASE_CONNECTION_WAIT_MS_MAX: "500",
}

const ready = async (engine: EngineProcess): Promise<number> =>
  (await engine.api("GET", "/health/ready")).status
const answers = (engine: EngineProcess, status: number, reference: string): Promise<void> =>
  Effect.runPromise(until(async () => (await engine.callback(signed(reference))).status === status))
const endSessions = (url: string) =>
  query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loan-engine' AND datname = current_database()",
  )

describe("a PostgreSQL server that runs but cannot be written", () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.remove())

  it("because it was made read-only: 503, not ready, the cause in the log; the engine continues when it is not", async () => {
    const url = await server.newDatabase()
    const name = new URL(url).pathname.slice(1)
    const engine = await startEngine(url, quick)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    await query(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    await endSessions(url)
    await answers(engine, 503, "B")
    await expectReady(engine, signed("B"), false)
    expect(engine.written()).toMatch(/answered 503.*read-only|answered 503.*can only be read/u)
    // In this database a session can write nothing, not even its own settings. So the statement runs in another
    // database.
    const outside = urlOf(server.port, "postgres")
    await query(outside, `ALTER DATABASE ${name} RESET default_transaction_read_only`)
    await endSessions(url)
    await answers(engine, 200, "B")
    await expectReady(engine, signed("B"), true)
    expect(await engine.stop()).toBe(0)
    expect(await runCli(["journal", "verify"], { LOAN_ENGINE_DATABASE_URL: url })).toMatchObject({ code: 0 })
  })

  it("because others use all its connections: 503, not ready, the cause in the log; the engine continues when some are free", async () => {
    const url = await server.newDatabase()
    const name = new URL(url).pathname.slice(1)
    await query(url, "CREATE ROLE merchant LOGIN PASSWORD 'merchants-own'")
    await query(url, `GRANT ALL ON DATABASE ${name} TO merchant`)
    const engine = await startEngine(urlOf(server.port, name, "merchant", "merchants-own"), quick)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    // A role over its connection limit gets the same error as every role on a full server: 53300.
    await query(url, "ALTER ROLE merchant CONNECTION LIMIT 0")
    await endSessions(url)
    await answers(engine, 503, "B")
    await expectReady(engine, signed("B"), false)
    expect(engine.written()).toMatch(/answered 503.*too many connections/u)
    await query(url, "ALTER ROLE merchant CONNECTION LIMIT -1")
    await answers(engine, 200, "B")
    await Effect.runPromise(until(async () => (await ready(engine)) === 200))
    expect(await engine.stop()).toBe(0)
  })
})

describe("an asynchronous standby, promoted after its primary died", () => {
  it("lacks the last acknowledged callbacks: doctor has warned, cursors are refused, and the bank's repetitions are accepted", async () => {
    const primary = await startPostgres()
    const url = await primary.newDatabase()
    const name = new URL(url).pathname.slice(1)
    const standby = await startAsynchronousStandby(primary)
    const both = url.replace(
      `127.0.0.1:${primary.port}`,
      `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`,
    )
    const there = urlOf(standby.port, name)
    const engine = await startEngine(both, quick)
    try {
      expect((await engine.callback(signed("early"))).status).toBe(200)
      const rows = "SELECT 1 FROM loan_engine.journal WHERE application_reference = 'early'"
      await Effect.runPromise(until(async () => (await query(there, rows).catch(() => [])).length === 1))
      const doctor = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: both })
      const checks: ReadonlyArray<{ name: string; state: string }> = JSON.parse(doctor.out)
      expect(checks.find((check) => check.name === "failover")).toMatchObject({ state: "warning" })

      await standby.kill()
      expect((await engine.callback(signed("late"))).status).toBe(200)
      const [late] = (await (await engine.api("GET", "/v1/loans/late/history")).json()) as [
        { position: number },
      ]
      await primary.kill()
      await standby.start()
      await query(urlOf(standby.port, "postgres"), "SELECT pg_promote()")
      await answers(engine, 200, "early")

      expect((await engine.api("GET", "/v1/loans/late")).status).toBe(404)
      expect((await engine.api("GET", `/v1/changes?after=${late.position}`)).status).toBe(410)
      // The engine had acknowledged this callback, and the standby lost it. A poll or the bank's next callback
      // reports the same.
      expect((await engine.callback(signed("late"))).status).toBe(200)
      expect((await engine.api("GET", "/v1/loans/late")).status).toBe(200)
      const { code, out } = await runCli(["journal", "verify", "--json"], { LOAN_ENGINE_DATABASE_URL: there })
      expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, findings: [], loans: 2 })
    } finally {
      await engine.kill()
      await Promise.all([primary.remove(), standby.remove()])
    }
  })
})

describe("a standby that lags", () => {
  it("is sound by the anchors that it can have, and verify says that newer ones exist", async () => {
    const primary = await startPostgres()
    const standby = await startAsynchronousStandby(primary)
    try {
      const url = await primary.newDatabase()
      const there = urlOf(standby.port, new URL(url).pathname.slice(1))
      const directory = mkdtempSync(join(tmpdir(), "loan-engine-lagging-"))
      onTestFinished(() => rmSync(directory, { recursive: true }))
      const anchors = join(directory, "anchors")
      const record = async (reference: string) => {
        const engine = await startEngine(url, { ...quick, LOAN_ENGINE_ANCHORS_FILE: anchors })
        expect((await engine.callback(signed(reference))).status).toBe(200)
        expect(await engine.stop()).toBe(0)
      }
      await record("early")
      const sealed = "SELECT 1 FROM loan_engine.checkpoints"
      await Effect.runPromise(until(async () => (await query(there, sealed).catch(() => [])).length === 1))
      await query(there, "SELECT pg_wal_replay_pause()")
      await record("late")

      const verify = (...more: ReadonlyArray<string>) =>
        runCli(["journal", "verify", "--anchors", anchors, ...more], { LOAN_ENGINE_DATABASE_URL: there })
      const lagging = await verify()
      expect(lagging).toMatchObject({
        code: 0,
        out: expect.stringContaining("newer than its last checkpoint: 1."),
      })
      const other = await verify("--anchor", `1:${"0".repeat(64)}`)
      expect(other).toMatchObject({ code: 1, out: expect.stringContaining("anchor-mismatch") })
      const settings = { LOAN_ENGINE_DATABASE_URL: there, LOAN_ENGINE_ANCHORS_FILE: anchors }
      expect((await runCli(["doctor"], settings)).out).toMatch(/anchors +skipped/u)
    } finally {
      await Promise.all([primary.remove(), standby.remove()])
    }
  })
})
