import { hashOf } from "@loan-engine/app/journal/entry"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { positionNow } from "@loan-engine/app/store/feed-positions"
import type { SealedRow } from "@loan-engine/app/journal/checkpoint"
import { merkleRoot } from "@loan-engine/app/journal/checkpoint"
import { Effect, Exit } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { OpenEngine } from "./engines.ts"
import { account, openEngine, scoped, signedAt } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, session, startPostgres } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** Reads the feed after a position, page by page, as a reader does. */
const read = Effect.fnUntraced(function* ({ journal }: OpenEngine, after = 0, limit = 2) {
  const seen: Array<{ readonly position: number; readonly loan: string }> = []
  for (let cursor = after; ;) {
    const page = yield* journal.feedRows({ after: cursor, limit })
    const last = page.at(-1)
    if (last === undefined) return seen
    seen.push(...page.map((row) => ({ position: row.position, loan: row.applicationReference })))
    cursor = last.position
  }
})

/** A journal row in the engine's form, from a transaction that stays open. */
const lateRow = `INSERT INTO loan_engine.journal (application_reference, version, position, account, source, evidence, digest,
    content, hash)
  SELECT 'late', 1, ${positionNow("base", "0")}, 'default', 'poll', 'bank', '', '{}', 'hash' FROM loan_engine.feed_origin`

describe("the change feed", () => {
  it("never skips a row that commits late: later rows wait for it", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("before", signedAt(1), "1")
        const late = yield* session(url)
        yield* late.query("BEGIN")
        yield* late.query(lateRow)
        yield* engine.record("after", signedAt(2), "2")
        const seen = yield* read(engine)
        expect(seen.map(({ loan }) => loan)).toEqual(["before"])
        const sealed = yield* engine.journal.sealable({ after: 0, limit: 10 })
        expect(sealed.map(({ applicationReference }) => applicationReference)).toEqual(["before"])
        yield* late.query("COMMIT")
        const more = yield* read(engine, seen.at(-1)?.position)
        expect(more.map(({ loan }) => loan)).toEqual(["late", "after"])
      }),
    )
  })

  it("has nothing of a transaction that was rolled back, and continues after it", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const late = yield* session(url)
        yield* late.query("BEGIN")
        yield* late.query(lateRow)
        yield* engine.record("after", signedAt(2), "2")
        expect(yield* read(engine)).toEqual([])
        yield* late.query("ROLLBACK")
        expect((yield* read(engine)).map(({ loan }) => loan)).toEqual(["after"])
      }),
    )
  })

  it("gives every reader the same order while several engines write, and skips nothing", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engines = yield* Effect.all([openEngine(url), openEngine(url), openEngine(url)])
        const [first] = engines
        const followed: Array<number> = []
        const follow = Effect.gen(function* () {
          const rows = yield* first.journal.feed({ after: followed.at(-1) ?? 0, limit: 7 })
          followed.push(...rows.map(({ position }) => position))
          yield* Effect.yieldNow
        })
        const names = Array.from({ length: 100 }, (_, index) => index)
        yield* Effect.raceFirst(
          Effect.forever(follow),
          Effect.forEach(
            engines,
            (engine, number) =>
              Effect.forEach(names, (name) => engine.record(`${number}-${name}`, signedAt(1), `${name}`), {
                concurrency: 5,
              }),
            { concurrency: "unbounded" },
          ),
        )
        const all = yield* read(first)
        expect(followed.length).toBeGreaterThan(0)
        expect(followed).toEqual(all.slice(0, followed.length).map(({ position }) => position))
        expect(new Set(all.map(({ loan }) => loan)).size).toBe(300)
      }),
    )
  })

  it("continues after its last position when the database was restored on a server whose counter starts again", async () => {
    const url = await server.newDatabase()
    await scoped(Effect.flatMap(openEngine(url), (engine) => engine.record("old", signedAt(1), "1")))
    await query(url, "UPDATE loan_engine.journal SET position = position + 1000000000000")
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        yield* engine.record("new", signedAt(2), "2")
        expect((yield* read(engine)).map(({ loan }) => loan)).toEqual(["old", "new"])
      }),
    )
  })
})

describe("several engines on one journal", () => {
  it("seal it in one chain of checkpoints that covers every row once", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engines = yield* Effect.all([openEngine(url), openEngine(url)])
        const [engine] = engines
        const names = Array.from({ length: 30 }, (_, index) => `loan-${index}`)
        yield* Effect.forEach(names, (name) => engine.record(name, signedAt(1), name))
        const exits = yield* Effect.forEach(
          engines,
          ({ journal }) => Effect.exit(Effect.provideService(sealFeed(4), JournalStore, journal)),
          { concurrency: "unbounded" },
        )
        expect(exits.some((exit) => Exit.isSuccess(exit))).toBe(true)
        yield* Effect.provideService(sealFeed(4), JournalStore, engine.journal)
        const checkpoints = yield* engine.journal.checkpoints({ after: 0, limit: 100 })
        const rows = checkpoints.map((checkpoint): ReadonlyArray<SealedRow> => JSON.parse(checkpoint.rows))
        checkpoints.forEach((checkpoint, index) => {
          expect(checkpoint.number).toBe(index + 1)
          expect(checkpoint.previousHash).toBe(checkpoints[index - 1]?.hash ?? "")
          expect(checkpoint.root).toBe(merkleRoot(rows[index] ?? []))
        })
        expect(rows.flat().map(({ applicationReference }) => applicationReference)).toEqual(names)
      }),
    )
  })

  it("count callbacks once: an engine that finds another cursor adds nothing", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engines = yield* Effect.all([openEngine(url), openEngine(url), openEngine(url)])
        const day = {
          account,
          day: 20_000,
          byCallback: 1,
          byPoll: 0,
          late: 0,
          forged: 0,
          unauthorized: 0,
          lastCallbackAt: null,
        }
        const added = yield* Effect.forEach(
          engines,
          ({ journal }) => journal.countCallbacks({ from: 0, to: 5, days: [day] }),
          { concurrency: "unbounded" },
        )
        expect(added.filter((each) => each)).toHaveLength(1)
        const [{ journal }] = engines
        expect(yield* journal.callbackDays(0)).toEqual([day])
        expect(yield* journal.callbacksCountedTo).toBe(5)
      }),
    )
  })

  it("erase bodies without breaking the chain, and keep those of operators", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const engine = yield* openEngine(url)
        const { loan } = yield* engine.record("A", signedAt(1), "private words")
        expect(yield* engine.journal.eraseRaw(loan.applicationReference, 1)).toBe(1)
        expect(yield* engine.journal.eraseRaw(loan.applicationReference, 1)).toBe(0)
        const [row] = yield* engine.journal.feedRows({ after: 0, limit: 1 })
        expect(row?.raw).toBeNull()
        expect(row && hashOf(row.text)).toBe(row?.hash)
      }),
    )
  })
})
