import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import { LoanStore, StoreUnusable } from "@loan-engine/app/ports/loan-store"
import type { Change, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import { threadCommit } from "@loan-engine/app/store/sqlite/writer"
import { readStatements } from "@loan-engine/app/store/sqlite/reads"
import { migrate } from "@loan-engine/app/store/sqlite/schema"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { observe, openLoan } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect, Result } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { journalStoreContract } from "./journal-store-contract.ts"
import { loanListsContract } from "./loan-lists-contract.ts"
import { loanStoreContract } from "./loan-store-contract.ts"
import { plannedPollsContract } from "./planned-polls-contract.ts"
import { webhookStoreContract } from "./webhook-store-contract.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-contract-"))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
const newFile = (): string => join(directory, `${files++}.sqlite`)
const layer = (path: string) => layerSqlite({ path, ...sqliteDefaults })

for (const contract of [loanStoreContract, plannedPollsContract, loanListsContract]) {
  contract("SQLite", () => ({ layer: layer(newFile()) }))
  contract("SQLite with a thread that writes", () => ({
    layer: layerSqlite({ path: newFile(), ...sqliteDefaults, writerThread: true }),
  }))
}

describe("a store with more waiting writes than its limit", () => {
  it("refuses the writes over the limit, makes the others, and has room again afterwards", async () => {
    const crowded = layerSqlite({
      path: newFile(),
      ...sqliteDefaults,
      writerThread: true,
      queuedUpdatesMax: 4,
    })
    const registration = (index: number) => ({
      account: AccountName.make(`a${index}`),
      bankUrl: "https://bank",
      callbackUrl: "https://us",
      registeredAt: index,
    })
    await Effect.runPromise(
      Effect.provide(
        Effect.gen(function* () {
          const store = yield* LoanStore
          const save = (index: number) => Effect.result(store.saveCallbackRegistration(registration(index)))
          const saved = yield* Effect.forEach(
            Array.from({ length: 50 }, (_, index) => index),
            save,
            {
              concurrency: "unbounded",
            },
          )
          const refused = saved.flatMap((each) => (Result.isFailure(each) ? [each.failure.message] : []))
          expect(refused.length).toBeGreaterThan(0)
          expect(refused.length).toBeLessThan(50)
          expect(new Set(refused)).toEqual(
            new Set(["Too many writes wait for the store (queuedUpdatesMax)."]),
          )
          for (const [index, each] of saved.entries()) {
            const found = yield* store.callbackRegistration(AccountName.make(`a${index}`), "https://bank")
            expect(found === undefined).toBe(Result.isFailure(each))
          }
          expect(Result.isSuccess(yield* save(50))).toBe(true)
        }),
        crowded,
      ),
    )
  })
})
describe("a poll that is claimed in the same transaction as a change of its loan", () => {
  it("keeps its lease, if the change leaves the schedule alone", async () => {
    const reference = ApplicationReference.make("leased")
    const account = AccountName.make("se")
    const observation: Observation = {
      applicationReference: reference,
      account,
      source: "callback",
      evidence: "credentials",
      receivedAt: 10,
      events: [{ type: "agreement.signed", at: 10 }],
    }
    const change =
      (body: string) =>
      (stored: StoredLoan | undefined): Change => {
        const raw = new TextEncoder().encode(body)
        const decision = observe(stored?.loan ?? openLoan(reference, account), observation)
        const bytes = { raw, digest: digestOf(raw) }
        return {
          entry: journalEntry(observation, decision, bytes, 1_000, stored?.chainHead ?? ""),
          loan: decision.loan,
          schedule: stored?.schedule ?? { ...neverPolled, nextPollAt: 10 },
          addsNothing: false,
        }
      }
    const due = { account, confirm: false, now: 15, limit: 10, leaseMs: 100 }
    await Effect.runPromise(
      Effect.gen(function* () {
        const store = yield* LoanStore
        yield* store.update(reference, change("first"))
        const both = [store.update(reference, change("again")), store.claimDue(due)]
        yield* Effect.all(both, { concurrency: "unbounded" })
        const stored = yield* store.load(reference)
        expect([stored?.loan.version, stored?.schedule.nextPollAt]).toEqual([2, 115])
      }).pipe(Effect.provide(layer(newFile()))),
    )
  })
})

describe("a thread that writes", () => {
  it("which cannot open the file is reported as unusable, and delays nothing", async () => {
    const settings = { path: join(directory, "nowhere", "a.sqlite"), busyTimeoutMs: 1, walPagesMax: 1 }
    const error = await Effect.runPromise(Effect.flip(Effect.scoped(threadCommit(settings))))
    expect(error).toBeInstanceOf(StoreUnusable)
    expect(error.message).toContain("cannot be opened for writing")
  })
})

journalStoreContract("SQLite", () => layer(newFile()))
webhookStoreContract("SQLite", () => ({ layer: layer(newFile()) }))

/** Opens the store at this path and expects a refusal. */
const refusal = (path: string): Promise<StoreUnusable> =>
  Effect.runPromise(Effect.flip(Effect.provide(Effect.asVoid(LoanStore), layer(path))))

describe("an SQLite file is refused with a clear error", () => {
  it("when a newer program wrote it", async () => {
    const path = newFile()
    const database = new DatabaseSync(path)
    database.exec("PRAGMA user_version = 999")
    database.close()
    const error = await refusal(path)
    expect(error).toBeInstanceOf(StoreUnusable)
    expect(error.message).toContain("newer loan engine")
  })

  it("when it is not a database, or its directory does not exist", async () => {
    const path = newFile()
    writeFileSync(path, "this is not a database, however long it may be made to look like one")
    expect((await refusal(path)).message).toContain(path)
    expect((await refusal(join(directory, "nowhere", "a.sqlite"))).message).toContain("directory exists")
  })

  it("but one of an earlier program is migrated, and its polls are still due", async () => {
    const path = newFile()
    const planned = Effect.flatMap(LoanStore, (store) => store.nextDue([AccountName.make("se")]))
    const database = new DatabaseSync(path)
    migrate(database, path, 1)
    database.exec("INSERT INTO loans VALUES ('A', 'se', 1, 'submitted', '{}', '', 7, 0, 1, 0)")
    database.close()
    expect(await Effect.runPromise(Effect.provide(planned, layer(path)))).toEqual([
      { account: "se", confirm: true, dueAt: 7 },
    ])
    const upgraded = new DatabaseSync(path, { readOnly: true })
    const index = upgraded.prepare("SELECT sql FROM sqlite_schema WHERE name = 'loans_due'").get()
    expect(index?.["sql"]).toContain("(account, poll_confirm, next_poll_at)")
    upgraded.close()
  })

  it("and an existing one is opened with full synchronisation and a write-ahead log", async () => {
    const path = newFile()
    await Effect.runPromise(Effect.provide(Effect.asVoid(LoanStore), layer(path)))
    const database = new DatabaseSync(path, { readOnly: true })
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
    database.close()
  })
})

describe("a page of many loans", () => {
  it.each([
    ["loans", "loans_by_account (account=? AND application_reference>? AND application_reference<?)"],
    [
      "loansAtStage",
      "loans_by_stage (account=? AND stage=? AND application_reference>? AND application_reference<?)",
    ],
    ["loansClosed", "loans_closed (account=? AND application_reference>? AND application_reference<?)"],
    ["loansStalled", "loans_stalled (account=? AND application_reference>? AND application_reference<?)"],
    [
      "loansNamed",
      "loans_by_external_reference (account=? AND external_reference=? AND application_reference>? AND application_reference<?)",
    ],
  ] as const)("reads its own range of an index, in order, and no more (%s)", (name, index) => {
    const path = newFile()
    const database = new DatabaseSync(path)
    migrate(database, path)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${readStatements[name]}`).all()
    expect(plan.map((row) => row["detail"])).toEqual([`SEARCH loans USING INDEX ${index}`])
    database.close()
  })
})

describe("a page of the journal", () => {
  it.each([
    ["history", "INDEX sqlite_autoindex_journal_1 (application_reference=? AND version>?)"],
    ["versionAt", "COVERING INDEX sqlite_autoindex_journal_1 (application_reference=?)"],
    ["feed", "INTEGER PRIMARY KEY (rowid>?)"],
  ] as const)("reads its own range of an index, in order, and no more (%s)", (name, index) => {
    const path = newFile()
    const database = new DatabaseSync(path)
    migrate(database, path)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${readStatements[name]}`).all()
    expect(plan.map((row) => row["detail"])).toEqual([`SEARCH journal USING ${index}`])
    database.close()
  })
})
