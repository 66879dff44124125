import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { account, openEngine, scoped, signedAt } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, session, startPostgres } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** Makes every loan's poll due so many milliseconds from now, by the database's clock. */
const dueIn = (url: string, ms: number) =>
  Effect.promise(() =>
    query(
      url,
      "UPDATE loan_engine.loans SET poll_confirm = false, next_poll_at = loan_engine.clock_ms() + $1::int",
      [ms],
    ),
  )

describe("a due poll", () => {
  it("goes to one of the engines that reach for it at once, and none is left over", async () => {
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

  it("is leased by the database's clock, so that an engine whose clock is ahead takes nothing early", async () => {
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

  it("is not taken while another engine is just taking it", async () => {
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
})
