import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import type { PostgresServer } from "./server.ts"
import { password, query, startPostgres } from "./server.ts"

let server: PostgresServer
let url: string
let engine: EngineProcess
beforeAll(async () => {
  server = await startPostgres()
  url = await server.newDatabase()
  engine = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_LOG_LEVEL: "debug" })
})
afterAll(async () => {
  await engine.stop()
  await server.remove()
})

/** How often a store is verified and replayed while its engine writes. Set the variable for a longer test. */
const checks = Number(process.env["LOAN_ENGINE_MOMENT_CHECKS"] ?? 3)

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

describe("an engine on PostgreSQL", () => {
  it("shares the database with operators' commands and with a second engine, under the settings of any database", async () => {
    const second = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect((await second.callback(signed("A"))).status).toBe(200)
    expect(await second.stop()).toBe(0)
    expect((await engine.api("GET", "/v1/loans/A")).status).toBe(200)
    const { code, out, err } = await runCli(["history", "A", "--json"], { LOAN_ENGINE_DATABASE_URL: url })
    expect([code, err]).toEqual([0, ""])
    expect(out).toContain("agreement.signed")
    const doctor = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: url })
    expect(doctor.out).toMatch(/PostgreSQL at 127\.0\.0\.1:\d+\/\w+, schema loan_engine opens/u)
  })

  it("is not called sound while it is empty: verify and replay end with 2", async () => {
    const empty = await server.newDatabase()
    expect(await (await startEngine(empty, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })).stop()).toBe(0)
    for (const command of ["verify", "replay"]) {
      const { code, out } = await runCli(["journal", command, "--json"], { LOAN_ENGINE_DATABASE_URL: empty })
      expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 2, sound: null, rows: 0 })
    }
  })

  it("is verified and replayed as of one moment while it and another engine write and seal, without findings", async () => {
    const seals = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_CHECKPOINT_EVERY_MS: "50" }
    const engines = [engine, await startEngine(url, seals)]
    const looked = new AbortController()
    let sent = 0
    const writing = Promise.all(
      Array.from({ length: 12 }, async () => {
        while (!looked.signal.aborted) {
          // One callback in ten is about a new loan; the others are repetitions. So rows change all the time, but the
          // journal grows slowly.
          const word = sent++
          await engines[word % 2]?.callback(signed(`busy-${word - (word % 10)}`))
        }
      }),
    )
    await expect.poll(() => sent).toBeGreaterThan(500)
    for (let times = 0; times < checks; times++) {
      for (const command of ["verify", "replay"]) {
        const { code, out, err } = await runCli(["journal", command, "--json"], {
          LOAN_ENGINE_DATABASE_URL: url,
        })
        expect({ code, err, ...JSON.parse(out) }).toMatchObject({
          code: 0,
          err: "",
          sound: true,
          findings: [],
        })
      }
    }
    looked.abort()
    await writing
    expect(await engines[1]?.stop()).toBe(0)
  })

  it("lets doctor compare the database's clock with this machine's", async () => {
    const other = await server.newDatabase()
    await (await startEngine(other, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })).stop()
    const clock = async () => {
      const { out } = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: other })
      const checks: ReadonlyArray<{ readonly name: string }> = JSON.parse(out)
      return checks.find(({ name }) => name === "clock database")
    }
    expect(await clock()).toMatchObject({ state: "ok" })
    await query(
      other,
      `CREATE OR REPLACE FUNCTION loan_engine.clock_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
        $$ SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint + 86400000 $$`,
    )
    const found = expect.stringMatching(/^this machine's clock is 8[0-9]{4} seconds behind the database's$/u)
    expect(await clock()).toMatchObject({ state: "failed", found })
  })

  it("shows its database but never the password: at its start, in an outage, and on a refusal", async () => {
    expect(engine.written()).toContain(`storing in PostgreSQL at 127.0.0.1:${server.port}`)
    await server.stop()
    expect((await engine.callback(signed("B"))).status).toBe(503)
    expect((await engine.api("GET", "/health/ready")).status).toBe(503)
    const unreachable = await runCli(["status"], { LOAN_ENGINE_DATABASE_URL: url })
    await server.start()
    const wrong = await runCli(["status"], {
      LOAN_ENGINE_DATABASE_URL: url.replace("postgres:test", "nobody:test"),
    })
    const mistyped = await runCli(["status"], {
      LOAN_ENGINE_DATABASE_URL: url.replace("postgres://", "postgre://"),
    })
    for (const { code, out, err } of [unreachable, wrong, mistyped]) {
      expect(code).toBe(2)
      expect(err).toContain("LOAN_ENGINE_DATABASE_URL")
      expect(out + err).not.toContain(password)
    }
    await expect.poll(async () => (await engine.callback(signed("B"))).status).toBe(200)
    expect(engine.written()).not.toContain(password)
  })

  it("leaves no session behind when it stops", async () => {
    const other = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect((await other.callback(signed("C"))).status).toBe(200)
    const sessions = async () => {
      const [row] = await query(
        url,
        "SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'loan-engine'",
      )
      return Number(row?.["sessions"])
    }
    expect(await engine.stop()).toBe(0)
    expect(await other.stop()).toBe(0)
    // The server ends a session shortly after its client has disconnected.
    await expect.poll(sessions).toBe(0)
  })
})
