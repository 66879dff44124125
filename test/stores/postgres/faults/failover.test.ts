import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { propertySeed } from "../../../proof/properties/settings.ts"
import { freePort, startEngine } from "../../../whole/slice/engine-process.ts"
import { openEngine, scoped, signedAt } from "../engines.ts"
import type { World } from "./replica-run.ts"
import { replicaRun } from "./replica-run.ts"
import type { PostgresServer } from "../server.ts"
import { password, query, startPostgres, startSynchronousStandby, until, urlOf } from "../server.ts"

let primary: PostgresServer
let standby: PostgresServer
/** The URL of a database on the primary. It names both servers. */
let both: string
beforeAll(async () => {
  primary = await startPostgres()
  const url = await primary.newDatabase()
  standby = await startSynchronousStandby(primary)
  both = url.replace(`127.0.0.1:${primary.port}`, `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`)
})
afterAll(async () => {
  await Promise.all([primary.remove(), standby.remove()])
})

const reversed = (): string =>
  both.replace(/@(.*),(.*)\/loans/u, (_, one: string, other: string) => `@${other},${one}/loans`)

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

describe("a URL that names a primary and its standby", () => {
  it("leads to the primary in any order, also if one of them is down", async () => {
    const nowhere = await freePort()
    for (const url of [both, reversed(), both.replace("@", `@127.0.0.1:${nowhere},`)]) {
      await scoped(
        Effect.gen(function* () {
          const engine = yield* openEngine(url, { schema: "either" })
          yield* engine.record("A", signedAt(1), "a")
          yield* engine.loans.ready
        }),
      )
    }
  })

  it("is reported with both servers and what is missing for each, and never the password", async () => {
    const [one, other] = [await freePort(), await freePort()]
    const url = `postgres://postgres:${password}@127.0.0.1:${one},127.0.0.1:${other}/loans`
    const { code, err } = await runCli(["status"], { LOAN_ENGINE_DATABASE_URL: url })
    expect(code).toBe(2)
    expect(err).toContain(`PostgreSQL at 127.0.0.1:${one},127.0.0.1:${other}/loans`)
    for (const port of [one, other]) expect(err).toMatch(new RegExp(`127.0.0.1:${port}: .*ECONNREFUSED`, "u"))
    expect(err).toContain("LOAN_ENGINE_DATABASE_URL")
    expect(err).not.toContain(password)
  })
})

describe("commands on a URL that names a primary and its standby", () => {
  const nowhere = "127.0.0.1:1"
  const withoutPrimary = (): string => both.replace(/@[^,]*,/u, `@${nowhere},`)

  it("include doctor, which reports whether the standby has everything that is acknowledged", async () => {
    const failover = async (url: string) => {
      const { out } = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: url })
      const checks = JSON.parse(out) as ReadonlyArray<{ name: string; state: string; found: string }>
      return checks.find(({ name }) => name === "failover")
    }
    expect(await failover(both)).toMatchObject({ state: "ok" })
    expect(await failover(withoutPrimary())).toMatchObject({ state: "warning" })
    const database = new URL(withoutPrimary().replace(/,[^/]*/u, "")).pathname.slice(1)
    await query(urlOf(primary.port, database), `ALTER DATABASE ${database} SET synchronous_commit = local`)
    expect((await failover(both))?.found).toContain("synchronous_commit is local")
    await query(urlOf(primary.port, database), `ALTER DATABASE ${database} RESET synchronous_commit`)
    expect(await failover(urlOf(primary.port, database))).toBeUndefined()
  })

  it("read the standby while there is no primary, and refuse to write or migrate there", async () => {
    await scoped(Effect.asVoid(openEngine(both)))
    const read = await runCli(["status"], { LOAN_ENGINE_DATABASE_URL: withoutPrimary() })
    expect([read.code, read.err]).toEqual([0, ""])
    const migrated = await runCli(["migrate"], { LOAN_ENGINE_DATABASE_URL: withoutPrimary() })
    expect(migrated.code).toBe(2)
    expect(migrated.err).toMatch(/it can only be read.*LOAN_ENGINE_DATABASE_URL/su)
    expect(migrated.err).not.toContain(password)
  })
})

/** Kills the primary. Some time later the standby is promoted. Then the old primary comes back as a primary. */
const primaryFails = Effect.fnUntraced(function* ({ engines, acknowledged }: World) {
  yield* Effect.promise(() => primary.kill())
  yield* until(async () => {
    const answers = await Promise.all(engines.map(({ callback }) => callback(signed("nobodys-loan"))))
    return answers.every(({ status, headers }) => status === 503 && headers.has("retry-after"))
  })
  yield* Effect.promise(() => query(urlOf(standby.port, "postgres"), "SELECT pg_promote()"))
  yield* acknowledged(30)
  yield* Effect.promise(() => primary.start())
  yield* acknowledged(30)
})

describe("three engines whose primary dies and whose synchronous standby is promoted", () => {
  it("answer 503 until then, reconnect by themselves, and lose nothing that was acknowledged", async () => {
    const seed = String(propertySeed)
    const report = await replicaRun(both, seed, primaryFails, reversed())
    expect(report.faults, `seed ${seed}`).toEqual([])
    expect(report.exitCodes).toEqual([0, 0, 0])
    expect(report.acknowledged).toBeGreaterThan(90)
  })

  it("get no acknowledgement from a former primary that came back, because no standby follows it", async () => {
    const engine = await startEngine(both, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_DATABASE_STATEMENT_MS_MAX: "500",
    })
    expect((await engine.callback(signed("late"))).status).toBe(503)
    await Effect.runPromise(until(async () => (await engine.callback(signed("late"))).status === 200))
    expect(await engine.stop()).toBe(0)
    const database = new URL(reversed().replace(/,[^/]*/u, "")).pathname.slice(1)
    const count = "SELECT count(*)::int AS rows FROM loan_engine.journal WHERE application_reference = 'late'"
    expect(await query(urlOf(standby.port, database), count)).toEqual([{ rows: 1 }])
  })
})
