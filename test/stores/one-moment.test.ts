import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { commandDatabaseLayer, engineDatabaseLayer } from "@loan-engine/app/store/database"
import type { Database } from "@loan-engine/app/store/database"
import { postgresLimitsDefault } from "@loan-engine/app/store/postgres/settings"
import { sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { account, lifeOf, say } from "../engine/journal/lived-store.ts"
import type { PostgresServer } from "./postgres/server.ts"
import { startPostgres } from "./postgres/server.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-moment-"))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const databases: Readonly<Record<string, () => Promise<Database>>> = {
  SQLite: () =>
    Promise.resolve({ store: "sqlite", path: join(directory, "loans.sqlite"), limits: sqliteDefaults }),
  PostgreSQL: async () => ({
    store: "postgres",
    url: Redacted.make(await server.newDatabase()),
    schema: "loan_engine",
    notifies: false,
    limits: postgresLimitsDefault,
  }),
}

/** What `history`, `doctor` and `callback health` combine: a loan and its entries, counts, and the feed. */
const seen = Effect.gen(function* () {
  const [loans, journal] = [yield* LoanStore, yield* JournalStore]
  return {
    loan: (yield* loans.load(ApplicationReference.make("A")))?.loan.version,
    entries: (yield* loans.history(ApplicationReference.make("A"))).length,
    counts: yield* loans.stageCounts(account),
    newest: (yield* journal.lastEntry)?.position,
    counted: yield* journal.callbackDays(0),
  }
})

describe.each(Object.keys(databases))("a command that only reads, on %s", (store) => {
  it("sees the store as of one moment, also while an engine records", async () => {
    const database = await databases[store]?.()
    if (database === undefined) throw new Error("no such store")
    const [first, ...others] = lifeOf("A", 1_000)
    if (first === undefined) throw new Error("a life has a beginning")
    const looked = Effect.gen(function* () {
      const engine = yield* Layer.build(
        Layer.provideMerge(LoanEngine.layer(cadenceDefaults), engineDatabaseLayer(database)),
      )
      yield* Effect.provideContext(say("A", ...first), engine)
      const reader = yield* Layer.build(commandDatabaseLayer(database, "read"))
      const before = yield* Effect.provideContext(seen, reader)
      for (const next of others) yield* Effect.provideContext(say("A", ...next), engine)
      yield* Effect.provideContext(say("B", ...first), engine)
      return { before, after: yield* Effect.provideContext(seen, reader) }
    })
    const { before, after } = await Effect.runPromise(Effect.scoped(looked))
    expect(before).toMatchObject({ loan: 1, entries: 1 })
    expect(after).toEqual(before)
  })
})
