import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { signingReadMs, signsOf } from "@loan-engine/app/callbacks/signing-accounts"
import { LoanStore, StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { Scope } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, describe, expect, it } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-signs-"))
afterAll(() => rmSync(directory, { recursive: true }))

const [se, no] = [AccountName.make("se"), AccountName.make("no")]

const onStore = <A>(path: string, test: Effect.Effect<A, unknown, LoanStore | Scope.Scope>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(test).pipe(
      Effect.provide(layerSqlite({ path, ...sqliteDefaults, busyTimeoutMs: 1 })),
      Effect.provide(TestClock.layer()),
    ),
  )

describe("the fact that an account's bank signs", () => {
  it("is known to another engine on the same store after its next check, and to a new one from its start", () =>
    onStore(
      join(directory, "replicas.sqlite"),
      Effect.gen(function* () {
        const [one, other, neighbour] = [yield* signsOf(se), yield* signsOf(se), yield* signsOf(no)]
        yield* one.see
        expect([one.isSeen(), other.isSeen()]).toEqual([true, false])
        yield* TestClock.adjust(signingReadMs)
        expect([other.isSeen(), neighbour.isSeen()]).toEqual([true, false])
        expect((yield* signsOf(se)).isSeen()).toBe(true)
      }),
    ))

  it("is assumed until the store can be read, so that no unsigned callback is believed meanwhile", () =>
    onStore(
      join(directory, "unread.sqlite"),
      Effect.gen(function* () {
        const store = yield* LoanStore
        let isReadable = false
        const signingSince = (account: AccountName) =>
          Effect.suspend(() =>
            isReadable
              ? store.signingSince(account)
              : Effect.fail(new StoreUnavailable({ message: "not now" })),
          )
        const signs = yield* Effect.provideService(signsOf(se), LoanStore, { ...store, signingSince })
        expect(signs.isSeen()).toBe(true)
        isReadable = true
        yield* TestClock.adjust(signingReadMs)
        expect(signs.isSeen()).toBe(false)
        isReadable = false
        const signing = yield* Effect.provideService(signsOf(no), LoanStore, { ...store, signingSince })
        yield* signing.see
        isReadable = true
        yield* TestClock.adjust(signingReadMs)
        expect([signing.isSeen(), (yield* store.signingSince(no)) !== undefined]).toEqual([true, true])
      }),
    ))

  it("counts at once, and is stored as soon as the store can be written again", () => {
    const path = join(directory, "locked.sqlite")
    return onStore(
      path,
      Effect.gen(function* () {
        const store = yield* LoanStore
        const signs = yield* signsOf(se)
        const other = new DatabaseSync(path)
        other.exec("BEGIN IMMEDIATE")
        yield* signs.see
        expect([signs.isSeen(), yield* store.signingSince(se)]).toEqual([true, undefined])
        other.exec("ROLLBACK")
        other.close()
        yield* TestClock.adjust(signingReadMs)
        expect(yield* store.signingSince(se)).toBeDefined()
      }),
    )
  })
})
