import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { afterAll, expect, it } from "vitest"
import { filledStore } from "../../bench/open-loans.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-slow-read-"))
afterAll(() => rmSync(directory, { recursive: true }))

const loans = 200_000
const account = AccountName.make("default")

it("a read that takes longer than `readMsMax` ends with this reason, and the next request is answered", async () => {
  const path = await filledStore(join(directory, "many.sqlite"), loans)
  await Effect.gen(function* () {
    const store = yield* LoanStore
    // On every machine, a count of this many loans takes longer than a millisecond.
    const { message } = yield* Effect.flip(store.stageCounts(account))
    expect(message).toBe("The SQLite store cannot be read now: it took longer than 1 ms")
    const stored = yield* store.load(ApplicationReference.make("bench-0000001"))
    expect(stored?.loan.stage).toBe("submitted")
    yield* store.ready
  }).pipe(
    Effect.provide(layerSqlite({ path, ...sqliteDefaults, writerThread: true, readMsMax: 1 })),
    Effect.runPromise,
  )
})
