import { observationOf } from "@loan-engine/app/journal/entry"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { observe, openLoan } from "@loan-engine/domain/loan"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readAll } from "../../crash/crash-run.ts"
import { propertySeed } from "../../../proof/properties/settings.ts"
import { checkLegal } from "../../../proof/simulation/checkers/p1-legal.ts"
import { journalFaults } from "../../../proof/simulation/checkers/p6-replay.ts"
import { startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"
import type { World } from "./replica-run.ts"
import { leaseMs, replicaRun } from "./replica-run.ts"
import type { PostgresServer } from "../server.ts"
import { query, startPostgres, until } from "../server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const signed = (reference: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
    ...more,
  })

/** The polls that are due now, or when a lease of now ends. A frozen engine may have claimed any of them. */
const duePolls = (url: string) =>
  query(
    url,
    `SELECT application_reference, next_poll_at FROM loan_engine.loans
    WHERE next_poll_at <= loan_engine.clock_ms() + ${leaseMs}`,
  )

const leftPolls = (url: string, polls: Awaited<ReturnType<typeof duePolls>>) =>
  query(
    url,
    `SELECT 1 AS one FROM loan_engine.loans JOIN unnest($1::text[], $2::bigint[]) AS polls (reference, due)
      ON application_reference = reference AND next_poll_at = due`,
    [polls.map((row) => row["application_reference"]), polls.map((row) => row["next_poll_at"])],
  )

/**
 * Kills one engine. Freezes another one for longer than its leases, until the others have taken every poll that it may
 * have claimed; when it continues, it still has its old writes to make.
 */
const enginesFail = Effect.fnUntraced(function* ({ url, engines, acknowledged, restart }: World) {
  yield* Effect.promise(async () => engines[0]?.kill())
  yield* acknowledged(40)
  const frozen = engines[1]?.pid ?? 0
  process.kill(frozen, "SIGSTOP")
  const claimed = yield* Effect.promise(() => duePolls(url))
  expect(claimed.length).toBeGreaterThan(0)
  yield* Effect.all([Effect.sleep(2 * leaseMs), acknowledged(20)], { concurrency: 2 })
  yield* until(async () => (await leftPolls(url, claimed)).length === 0)
  process.kill(frozen, "SIGCONT")
  yield* restart(0)
})

/**
 * Ends every session several times. Then it shuts the server down and starts it again later. The test's own callbacks
 * have no signature. The bank signs its callbacks, so the engines may hold the test's.
 */
const databaseFails = Effect.fnUntraced(function* ({ url, engines, acknowledged }: World) {
  for (let kills = 0; kills < 4; kills++) {
    yield* Effect.promise(() =>
      query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loan-engine'",
      ),
    )
    yield* acknowledged(10)
  }
  yield* Effect.promise(() => server.stop())
  const answers = yield* callEach(engines)
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
  expect(answers.every(({ headers }) => headers.has("retry-after"))).toBe(true)
  yield* Effect.promise(() => server.start())
  yield* until(async () => {
    const again = await Effect.runPromise(callEach(engines))
    return again.every(({ ok }) => ok)
  })
})

const callEach = (engines: ReadonlyArray<EngineProcess>): Effect.Effect<ReadonlyArray<Response>> =>
  Effect.promise(() => Promise.all(engines.map(({ callback }) => callback(signed("nobodys-loan")))))

describe("three engines on one PostgreSQL lose nothing, apply nothing twice, and agree with the bank,", () => {
  it.each([
    ["though one of them is killed and one freezes past its leases: the others take over", enginesFail],
    ["though their sessions are ended and the server restarted: they answer 503 and recover", databaseFails],
  ] as const)("%s", async (_, disaster) => {
    const seed = String(propertySeed)
    const report = await replicaRun(await server.newDatabase(), seed, disaster)
    expect(report.faults, `seed ${seed}`).toEqual([])
    expect(report.exitCodes).toEqual([0, 0, 0])
    expect(report.acknowledged).toBeGreaterThan(90)
    expect(report.loans).toBeGreaterThan(10)
  })
})

describe("one loan with callbacks through three engines at the same time", () => {
  it("has the same order for all engines, and the facts that any other order gives", async () => {
    const url = await server.newDatabase()
    const engines = await Promise.all([startEngine(url), startEngine(url), startEngine(url)])
    const sent = await Promise.all(
      engines.flatMap(({ callback }, number) =>
        Array.from({ length: 40 }, async (_, index) => {
          const { status } = await callback(signed("hot", { number, index }))
          return status
        }),
      ),
    )
    expect(new Set(sent)).toEqual(new Set([200]))
    expect(await Promise.all(engines.map((engine) => engine.stop()))).toEqual([0, 0, 0])
    const loans = await Effect.runPromise(
      readAll(layerPostgres({ ...postgresDefaults, url: Redacted.make(url) })),
    )
    const [hot] = loans
    expect(hot?.entries).toHaveLength(120)
    expect([...checkLegal(loans).violations, ...loans.flatMap(journalFaults)]).toEqual([])
    if (hot === undefined) return
    const { applicationReference, account } = hot.stored.loan
    const folded = hot.entries
      .toReversed()
      .map(observationOf)
      .reduce((loan, observation) => observe(loan, observation).loan, openLoan(applicationReference, account))
    expect(folded).toEqual(hot.stored.loan)
  })
})
