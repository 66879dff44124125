import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { makeSlowBank } from "./slow-bank.ts"
import { account, openEngine, reference, scoped, signedAt } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, session, startPostgres, until } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** Makes every loan's poll due this many milliseconds from now, by the database's clock. */
const dueIn = (url: string, ms: number) =>
  Effect.promise(() =>
    query(
      url,
      "UPDATE loan_engine.loans SET poll_confirm = false, next_poll_at = loan_engine.clock_ms() + $1::int",
      [ms],
    ),
  )

describe("a due poll", () => {
  it("goes to one of several engines that claim at the same time, and no poll is left", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engines = yield* Effect.all([openEngine(url), openEngine(url), openEngine(url)])
        const [first] = engines
        const names = Array.from({ length: 60 }, (_, index) => `loan-${index}`)
        yield* Effect.forEach(names, (name) => first.record(name, signedAt(1), name), { concurrency: 30 })
        yield* dueIn(url, -1)
        const claims = Array.from({ length: 30 }, (_, index) => engines[index % 3] ?? first)
        const claimed = yield* Effect.forEach(
          claims,
          ({ loans }) => loans.claimDue({ account, confirm: false, now: 0, limit: 4, leaseMs: 60_000 }),
          { concurrency: "unbounded" },
        )
        const taken = claimed.flat().map(({ loan }) => loan.applicationReference)
        expect(new Set(taken).size).toBe(taken.length)
        const rest = yield* first.loans.claimDue({
          account,
          confirm: false,
          now: 0,
          limit: 60,
          leaseMs: 60_000,
        })
        const all = [...taken, ...rest.map(({ loan }) => loan.applicationReference)]
        expect(all.toSorted()).toEqual(names.toSorted())
      }),
    )
  })

  it("is leased by the database's clock, so that an engine whose clock is ahead claims nothing early", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("A", signedAt(1), "a")
        const claim = (now: number) =>
          engine.loans.claimDue({ account, confirm: false, now, limit: 1, leaseMs: 60_000 })
        yield* dueIn(url, 3_600_000)
        expect(yield* claim(Number.MAX_SAFE_INTEGER)).toEqual([])
        yield* dueIn(url, -1)
        expect(yield* claim(0)).toHaveLength(1)
        expect(yield* claim(Number.MAX_SAFE_INTEGER)).toEqual([])
      }),
    )
  })

  it("is not claimed while another engine claims it", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("A", signedAt(1), "a")
        yield* engine.record("B", signedAt(1), "b")
        yield* dueIn(url, -1)
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("SELECT 1 FROM loan_engine.loans WHERE application_reference = 'A' FOR UPDATE")
        const claimed = yield* engine.loans.claimDue({
          account,
          confirm: false,
          now: 0,
          limit: 2,
          leaseMs: 60_000,
        })
        expect(claimed.map(({ loan }) => loan.applicationReference)).toEqual(["B"])
      }),
    )
  })

  it("is due as before after its engine has released it", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("A", signedAt(1), "a")
        yield* dueIn(url, -5_000)
        const due = Effect.map(engine.loans.load(reference("A")), (stored) => stored?.schedule.nextPollAt)
        const before = yield* due
        const [claimed] = yield* engine.loans.claimDue({
          account,
          confirm: false,
          now: 0,
          limit: 1,
          leaseMs: 60_000,
        })
        expect(yield* due).toBeGreaterThan(before ?? 0)
        if (claimed !== undefined) yield* engine.loans.release(claimed)
        expect(yield* due).toBe(before)
      }),
    )
  })
})

describe("an engine that is stopped normally during a poll", () => {
  it("waits for the running answer, and releases its other claimed polls at once", async () => {
    const url = await server.newDatabase()
    const bank = await makeSlowBank()
    const names = Array.from({ length: 8 }, (_, index) => `loan-${index}`)
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* Effect.forEach(names, (name) => engine.record(name, signedAt(1), name))
      }),
    )
    await Effect.runPromise(dueIn(url, -1))
    const settings = {
      ...bank.environment,
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_POLL_LEASE_MS: "3600000",
      LOAN_ENGINE_POLL_INTERVAL_SCALE: "1000",
    }
    const leased = async () => {
      const [row] = await query(
        url,
        `SELECT count(*)::int AS loans FROM loan_engine.loans
         WHERE next_poll_at BETWEEN loan_engine.clock_ms() + 3000000 AND loan_engine.clock_ms() + 3600000`,
      )
      return row?.["loans"]
    }
    const one = await startEngine(url, { ...settings, LOAN_ENGINE_POLL_RATE_PER_SECOND: "1" })
    await Effect.runPromise(until(async () => (await leased()) === 8 && bank.asked().length > 0))
    const stopped = one.stop()
    await Effect.runPromise(until(async () => Number(await leased()) < 8))
    expect(bank.answered()).toBe(0)
    bank.answer()
    expect(await stopped).toBe(0)
    const begun = bank.asked()
    expect(begun.length).toBeLessThan(8)
    expect(await leased()).toBe(0)
    const polled = async () => {
      const rows = await query(
        url,
        "SELECT application_reference AS loan FROM loan_engine.journal WHERE source = 'poll'",
      )
      return rows.map((row) => String(row["loan"])).toSorted()
    }
    expect(await polled()).toEqual(begun.toSorted())

    const other = await startEngine(url, settings)
    await Effect.runPromise(until(async () => (await polled()).length === 8))
    expect(bank.asked().toSorted()).toEqual(names)
    expect(await other.stop()).toBe(0)
    await bank.close()
  })
})
