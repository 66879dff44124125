import { neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { account, decide, otherAccount, setClock, signed, using, write } from "./loan-writing.ts"
import type { StoreUnderTest } from "./loan-writing.ts"

/** How every store must give out planned polls: each to one engine, for the time of its lease. */
export function plannedPollsContract(
  name: string,
  open: () => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describe(`polls planned in the ${name} store`, () => {
    it("gives a due poll to one engine only, until its lease ends", async () => {
      const storage = await open()
      await using(storage, (store) =>
        Effect.gen(function* () {
          yield* write(store, signed("A", 10), "a")
          yield* write(store, signed("B", 20), "b")
          const claim = (now: number) =>
            Effect.andThen(
              setClock(storage, now),
              store.claimDue({ account, confirm: false, now, limit: 10, leaseMs: 100 }),
            )
          expect(yield* claim(9)).toEqual([])
          expect((yield* claim(15)).map(({ loan }) => loan.applicationReference)).toEqual(["A"])
          expect((yield* claim(25)).map(({ loan }) => loan.applicationReference)).toEqual(["B"])
          expect(yield* claim(50)).toEqual([])
          expect((yield* claim(116)).map(({ loan }) => loan.applicationReference)).toEqual(["A"])
        }),
      )
    })

    it("releases a claimed poll, but not one that was rescheduled or claimed again", async () => {
      const storage = await open()
      await using(storage, (store) =>
        Effect.gen(function* () {
          const { loan } = yield* write(store, signed("A", 10), "a")
          const claim = (now: number) =>
            Effect.andThen(
              setClock(storage, now),
              Effect.map(
                store.claimDue({ account, confirm: false, now, limit: 1, leaseMs: 100 }),
                ([claimed]) => claimed,
              ),
            )
          const dueAt = Effect.map(
            store.load(loan.applicationReference),
            (stored) => stored?.schedule.nextPollAt,
          )
          const first = yield* claim(10)
          if (first === undefined) return expect.unreachable("nothing was due")
          expect(yield* dueAt).toBe(110)
          yield* store.release(first)
          expect([first.dueAt, yield* dueAt]).toEqual([10, 10])
          const second = yield* claim(20)
          yield* store.release(first)
          expect(yield* dueAt).toBe(120)
          yield* write(store, { ...signed("A", 30), events: [{ type: "loan.paidOut", at: 30 }] }, "b")
          if (second !== undefined) yield* store.release(second)
          expect(yield* dueAt).toBe(30)
        }),
      )
    })

    it("claims from the named line, the longest due first, and tells when each line is due", async () => {
      const storage = await open()
      await using(storage, (store) =>
        Effect.gen(function* () {
          yield* setClock(storage, 40)
          const plan = (reference: string, at: number, of: AccountName, confirm: boolean) =>
            store.update(
              ApplicationReference.make(reference),
              decide(signed(reference, at, of), reference, confirm),
            )
          yield* plan("late", 30, account, false)
          yield* plan("early", 10, account, false)
          yield* plan("middle", 20, account, false)
          yield* plan("doubted", 25, account, true)
          yield* plan("elsewhere", 5, otherAccount, false)
          const due = (...accounts: ReadonlyArray<AccountName>) =>
            Effect.map(store.nextDue(accounts), (lines) => new Set(lines))
          expect(yield* due(account)).toEqual(
            new Set([
              { account, confirm: true, dueAt: 25 },
              { account, confirm: false, dueAt: 10 },
            ]),
          )
          expect(yield* due(otherAccount, AccountName.make("dk"))).toEqual(
            new Set([{ account: otherAccount, confirm: false, dueAt: 5 }]),
          )
          const claim = (confirm: boolean, limit: number) =>
            Effect.map(store.claimDue({ account, confirm, now: 40, limit, leaseMs: 100 }), (claimed) =>
              claimed.map(({ loan }) => loan.applicationReference).sort(),
            )
          expect(yield* claim(false, 2)).toEqual(["early", "middle"])
          expect(yield* claim(true, 2)).toEqual(["doubted"])
          expect(yield* claim(false, 2)).toEqual(["late"])
          expect(yield* due(otherAccount)).toEqual(
            new Set([{ account: otherAccount, confirm: false, dueAt: 5 }]),
          )
        }),
      )
    })

    it("makes polls due that no plan can have made, and leaves the others", async () => {
      const storage = await open()
      await using(storage, (store) =>
        Effect.gen(function* () {
          yield* setClock(storage, 1_000)
          const plan = (reference: string, at: number, of: AccountName, confirm: boolean) =>
            store.update(
              ApplicationReference.make(reference),
              decide(signed(reference, at, of), reference, confirm),
            )
          yield* plan("near", 1_500, account, false)
          yield* plan("at the edge", 2_000, account, false)
          for (const reference of ["far 1", "far 2", "far 3"]) yield* plan(reference, 2_001, account, false)
          yield* plan("far and doubted", 9_000, account, true)
          yield* plan("far elsewhere", 9_000, otherAccount, false)
          const options = { account, now: 1_000, aheadMs: 1_000, limit: 2 }
          const brought = (confirm: boolean) => store.bringBack({ ...options, confirm })
          expect([yield* brought(false), yield* brought(false), yield* brought(false)]).toEqual([2, 1, 0])
          expect([yield* brought(true), yield* brought(true)]).toEqual([1, 0])
          const dueAt = Effect.fnUntraced(function* (reference: string) {
            return (yield* store.load(ApplicationReference.make(reference)))?.schedule.nextPollAt
          })
          for (const reference of ["far 1", "far 2", "far 3", "far and doubted"])
            expect(yield* dueAt(reference)).toBe(1_000)
          expect([yield* dueAt("near"), yield* dueAt("at the edge")]).toEqual([1_500, 2_000])
          expect(yield* dueAt("far elsewhere")).toBe(9_000)
        }),
      )
    })

    it("does not let a stale poll reschedule a loan that has moved on", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const { loan } = yield* write(store, signed("A", 10), "a")
          const before = yield* store.load(loan.applicationReference)
          yield* write(store, { ...signed("A", 20), events: [{ type: "loan.paidOut", at: 20 }] }, "b")
          if (before !== undefined) yield* store.reschedule(before, neverPolled)
          expect((yield* store.load(loan.applicationReference))?.schedule.nextPollAt).toBe(20)
        }),
      )
    })
  })
}
