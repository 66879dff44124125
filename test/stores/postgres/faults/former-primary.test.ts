import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { Change, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { postgresDefaults, quotedSchema } from "@loan-engine/app/store/postgres/settings"
import { makeRun } from "@loan-engine/app/store/postgres/run"
import type { Run } from "@loan-engine/app/store/postgres/run"
import { commitUpdates } from "@loan-engine/app/store/postgres/updates"
import { observe } from "@loan-engine/domain/loan"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { account, additionAt, openEngine, reference, scoped, signedAt } from "../engines.ts"
import type { PostgresServer } from "../server.ts"
import { query, startPostgres, until } from "../server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const settingsOf = (url: string) => ({ ...postgresDefaults, url: Redacted.make(url) })

/** The change for a callback with this body, on the loan as it was read. */
function decidedOn(stored: StoredLoan, body: string): Change {
  const raw = new TextEncoder().encode(body)
  const observation = {
    applicationReference: stored.loan.applicationReference,
    account,
    source: "callback" as const,
    evidence: "credentials" as const,
    receivedAt: 1_790_000_000_000,
    events: additionAt(1_790_000_000_000),
  }
  const decision = observe(stored.loan, observation)
  const bytes = { raw, digest: digestOf(raw) }
  return {
    entry: journalEntry(observation, decision, bytes, observation.receivedAt, stored.chainHead),
    loan: decision.loan,
    schedule: { ...stored.schedule, attempts: stored.schedule.attempts + 1 },
    addsNothing: false,
  }
}

const declining = "nothing, because of what stands there"
const changes: ReadonlyArray<readonly [what: string, change: (stored: StoredLoan) => Change | undefined]> = [
  ["a new entry", (stored) => decidedOn(stored, "news")],
  ["a repeat", (stored) => ({ ...decidedOn(stored, "of the former"), loan: stored.loan, addsNothing: true })],
  [
    "an answer without news",
    (stored) => ({ ...decidedOn(stored, "nothing"), loan: stored.loan, addsNothing: true, isQuiet: true }),
  ],
  [declining, () => undefined],
]

describe("a loan that was read from a former primary, which has other entries under the same versions", () => {
  it.each(changes)("is not decided on for the primary: %s", async (what, change) => {
    const [former, primary] = [await server.newDatabase(), await server.newDatabase()]
    const record = (url: string, body: string) =>
      Effect.flatMap(openEngine(url), (engine) => engine.record("forked", signedAt(1), body))
    await scoped(record(former, "of the former"))
    await scoped(record(primary, "of the primary"))
    const rows = () => query(primary, "SELECT * FROM loan_engine.loans CROSS JOIN loan_engine.journal")
    const before = await rows()
    const commit = (reads: string) =>
      Effect.gen(function* () {
        const reading = (yield* makeRun(settingsOf(reads)))()
        const writing = (yield* makeRun(settingsOf(primary)))()
        const run: Run = (sql, parameters) =>
          (sql.includes("FOR UPDATE") ? writing : reading)(sql, parameters)
        const write = commitUpdates(() => run, quotedSchema(settingsOf(primary)))
        const decide = (stored: StoredLoan | undefined) => stored && change(stored)
        return yield* write([{ reference: reference("forked"), decide }])
      })
    expect(await scoped(commit(former))).toEqual([{ state: "stale" }])
    expect(await rows()).toEqual(before)
    expect(await scoped(commit(primary))).toMatchObject([{ state: "written" }])
    if (what !== declining) expect(await rows()).not.toEqual(before)
  })
})

describe("statements that belong together", () => {
  it("run on one server, even after new sessions use another, and fail if that server is away", async () => {
    const [one, other] = [await startPostgres(), await startPostgres()]
    const url = (await one.newDatabase()).replace(`:${one.port}/`, `:${one.port},127.0.0.1:${other.port}/`)
    await other.newDatabase()
    const portOf = (run: Run) =>
      Effect.map(run("SELECT current_setting('port')::int AS port", []), ([row]) => Number(row?.["port"]))
    await scoped(
      Effect.gen(function* () {
        const together = yield* makeRun(settingsOf(url))
        const batch = together()
        expect(yield* portOf(batch)).toBe(one.port)
        yield* Effect.promise(() => one.stop())
        expect((yield* Effect.result(portOf(batch)))._tag).toBe("Failure")
        expect(yield* portOf(together())).toBe(other.port)
        yield* Effect.promise(() => one.start())
        expect(yield* portOf(together())).toBe(other.port)
        yield* until(() => Effect.runPromise(Effect.isSuccess(portOf(batch))))
        expect(yield* portOf(batch)).toBe(one.port)
      }),
    )
    await Promise.all([one.remove(), other.remove()])
  })
})
