import { replay } from "@loan-engine/app/journal/entry"
import type { StoredEntry } from "@loan-engine/app/journal/entry"
import { positionsPerTransaction } from "@loan-engine/app/store/feed-positions"
import { snapshotText } from "@loan-engine/domain/loan"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { account, additionAt, openEngine, reference, scoped, signedAt } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, session, startPostgres, untilBlocked } from "./server.ts"
import { bodiesOf } from "../bodies.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const transactionsOf = (entries: ReadonlyArray<{ readonly position: number }>): number =>
  new Set(entries.map(({ position }) => Math.floor(position / positionsPerTransaction))).size

function expectOneChain(entries: ReadonlyArray<StoredEntry>): void {
  expect(entries.map(({ version }) => version)).toEqual(entries.map((_, index) => index + 1))
  entries.forEach((entry, index) => expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? ""))
}

describe("what is written to PostgreSQL", () => {
  it("is read again byte for byte and as numbers, with any content", async () => {
    const url = await server.newDatabase()
    const name = "𝔸 låne-søknad 'x' {a,\"b\"} \\ 100%"
    const raw = Uint8Array.from({ length: 256 }, (_, index) => index)
    const documents = ["\u0000", "\ud800", "é\u2028", '"'.repeat(3)]
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const at = 1_790_000_000_123
        yield* engine.record(name, [{ type: "addition.requested", at, requiredDocuments: documents }], raw)
        const stored = yield* engine.loans.load(reference(name))
        const [entry] = yield* engine.loans.history(reference(name))
        const bodies = yield* bodiesOf(engine.journal, reference(name))
        expect(new Uint8Array(bodies.get(1) ?? [])).toEqual(raw)
        const requested = { type: "addition.requested", at, requiredDocuments: documents, adds: true }
        expect(entry?.events).toEqual([requested])
        const replayed = entry && replay([entry])
        expect(replayed && snapshotText(replayed)).toBe(stored && snapshotText(stored.loan))
        expect(typeof entry?.position).toBe("number")
        expect(typeof stored?.schedule.nextPollAt).toBe("number")
        expect(yield* engine.loans.stageCounts(account)).toEqual([
          { stage: "submitted", loans: 1, closed: 0 },
        ])
        expect(yield* engine.loans.stalledCount(account)).toBe(0)
        const day = {
          account,
          day: 20_000,
          byCallback: 3_000_000_000,
          byPoll: 0,
          late: 0,
          forged: 0,
          unauthorized: 0,
          lastCallbackAt: null,
        }
        yield* engine.journal.countCallbacks({ from: 0, to: 0, days: [day] })
        yield* engine.journal.countCallbacks({ from: 0, to: 0, days: [{ ...day, lastCallbackAt: at }] })
        expect(yield* engine.journal.callbackDays(0)).toEqual([
          { ...day, byCallback: 6_000_000_000, lastCallbackAt: at },
        ])
      }),
    )
  })

  it("uses no column type that the driver reads differently", async () => {
    const url = await server.newDatabase()
    await scoped(openEngine(url))
    const columns = await query(
      url,
      `SELECT table_name, column_name FROM information_schema.columns
       WHERE table_schema = 'loan_engine' AND data_type IN ('numeric', 'json', 'jsonb', 'money')`,
    )
    expect(columns).toEqual([])
    const [row] = await query(url, "SELECT 9007199254740993::int8 AS int8, 0.10::numeric AS numeric")
    expect(row).toEqual({ int8: 9_007_199_254_740_993n, numeric: "0.10" })
  })

  it("is one transaction for many loans at the same time", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const names = Array.from({ length: 100 }, (_, index) => `loan-${index}`)
        const recorded = yield* Effect.forEach(names, (name) => engine.record(name, signedAt(1), name), {
          concurrency: "unbounded",
        })
        expect(transactionsOf(recorded)).toBeLessThanOrEqual(3)
        const loans = yield* engine.loans.loans({ account, after: "", limit: 200 })
        expect(loans).toHaveLength(100)
      }),
    )
  })

  it("of one loan through several engines is one chain that replays to its snapshot, with each repetition counted once", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engines = yield* Effect.all([openEngine(url), openEngine(url), openEngine(url)])
        const each = Array.from({ length: 40 }, (_, index) => index)
        yield* Effect.forEach(
          engines,
          (engine, number) =>
            Effect.forEach(
              each,
              (index) => engine.record("hot", additionAt(100 * number + index), `${number} ${index}`),
              { concurrency: 8 },
            ),
          { concurrency: "unbounded" },
        )
        // Records the same events again, with every engine at the same time.
        yield* Effect.forEach(
          engines,
          (engine) => Effect.forEach(each, (index) => engine.record("hot", additionAt(index), `0 ${index}`)),
          { concurrency: "unbounded" },
        )
        const [engine] = engines
        const entries = yield* engine.loans.history(reference("hot"))
        const stored = yield* engine.loans.load(reference("hot"))
        expectOneChain(entries)
        const replayed = replay(entries)
        expect(replayed && snapshotText(replayed)).toBe(stored && snapshotText(stored.loan))
        expect(entries).toHaveLength(3 * each.length)
        const repeats = entries.filter((entry) => entry.repeats > 0).map((entry) => entry.repeats)
        expect(repeats).toEqual(each.map(() => engines.length))
      }),
    )
  })

  it("fails one bad record with a defect, and not the others", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        // Journal rows without their loan. Only somebody outside the engine can have deleted the loan.
        yield* Effect.promise(() =>
          query(
            url,
            `INSERT INTO loan_engine.journal (application_reference, version, position, account, source, evidence, digest,
               content, hash) VALUES ('bad', 1, 0, 'default', 'poll', 'bank', '', '{}', '')`,
          ),
        )
        const exits = yield* Effect.forEach(
          ["a", "bad", "b", "c"],
          (name) => Effect.exit(engine.record(name, signedAt(1), name)),
          { concurrency: "unbounded" },
        )
        expect(exits.map((exit) => Exit.isSuccess(exit))).toEqual([true, false, true, true])
        expect(exits[1] && Exit.isFailure(exits[1]) && Exit.hasDies(exits[1])).toBe(true)
      }),
    )
  })

  it("does not delay other loans if somebody else holds one loan", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("held", signedAt(1), "first")
        const other = yield* session(url)
        yield* other.query("BEGIN")
        yield* other.query("SELECT 1 FROM loan_engine.loans WHERE application_reference = 'held' FOR UPDATE")
        const done = yield* Deferred.make<void>()
        const held = yield* Effect.forkChild(
          Effect.ensuring(engine.record("held", additionAt(2), "second"), Deferred.succeed(done, undefined)),
        )
        yield* Effect.forEach(["a", "b"], (name) => engine.record(name, signedAt(1), name), {
          concurrency: "unbounded",
        })
        expect(yield* Deferred.isDone(done)).toBe(false)
        yield* other.query("COMMIT")
        expect((yield* Fiber.join(held)).loan.version).toBe(2)
      }),
    )
  })

  it("keeps the lease of a poll that another engine claimed during a repetition", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const other = yield* openEngine(url)
        yield* engine.record("A", signedAt(1), "first")
        yield* Effect.promise(() => query(url, "UPDATE loan_engine.loans SET next_poll_at = 1"))
        const stored = yield* engine.loans.load(reference("A"))
        const blocker = yield* session(url)
        yield* blocker.query("BEGIN")
        yield* blocker.query("LOCK TABLE loan_engine.journal IN EXCLUSIVE MODE")
        const repeat = yield* Effect.forkChild(engine.record("A", signedAt(1), "first"))
        yield* untilBlocked(url)
        const confirm = stored?.schedule.confirm ?? false
        const [claimed] = yield* other.loans.claimDue({ account, confirm, now: 0, limit: 1, leaseMs: 60_000 })
        yield* blocker.query("COMMIT")
        expect((yield* Fiber.join(repeat)).disposition).toBe("repeated")
        const after = yield* engine.loans.load(reference("A"))
        expect(claimed?.schedule.nextPollAt).toBeGreaterThan(1)
        expect(after?.schedule.nextPollAt).toBe(claimed?.schedule.nextPollAt)
      }),
    )
  })
})
