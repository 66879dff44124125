import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { threadReader } from "@loan-engine/app/store/sqlite/reader"
import type { Read } from "@loan-engine/app/store/sqlite/reads"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Fiber } from "effect"
import { afterAll, expect, it } from "vitest"
import { testMsMax } from "../../patience.ts"
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

it("reads that nobody needs any more delay neither the next read nor the end of the thread", async () => {
  const path = await filledStore(join(directory, "abandoned.sqlite"), loans)
  const slow: Read = { statement: "stageCounts", parameters: [account, account] }
  const quick: Read = { statement: "accounts", parameters: [] }
  const reader = threadReader({ path, ...sqliteDefaults }, testMsMax)
  await Effect.gen(function* () {
    const ended: Array<string> = []
    const abandon = Effect.gen(function* () {
      const read = yield* reader
      const reads = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.forkChild(read(slow)))
      yield* Effect.yieldNow
      yield* Fiber.interruptAll(reads)
      expect(yield* read(quick)).toEqual([{ account }])
    })
    // A second thread does the work of only ten of the reads.
    const compare = Effect.gen(function* () {
      const read = yield* reader
      for (let index = 0; index < 10; index++) yield* read(slow)
    })
    yield* Effect.all(
      [
        Effect.andThen(
          Effect.scoped(abandon),
          Effect.sync(() => ended.push("abandoned")),
        ),
        Effect.andThen(
          Effect.scoped(compare),
          Effect.sync(() => ended.push("compared")),
        ),
      ],
      { concurrency: "unbounded" },
    )
    expect(ended).toEqual(["abandoned", "compared"])
  }).pipe(Effect.runPromise)
})
