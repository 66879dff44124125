import { AccountName } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { account, otherAccount, signed, using, write } from "./loan-writing.ts"
import type { StoreUnderTest } from "./loan-writing.ts"

/** How every store must count, list and find loans. */
export function loanListsContract(name: string, open: () => StoreUnderTest | Promise<StoreUnderTest>): void {
  describe(`lists of the ${name} store`, () => {
    it("counts loans by stage and account, pages them, and remembers the callback's registration", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          for (const reference of ["A", "B", "C"]) yield* write(store, signed(reference, 5), reference)
          expect(yield* store.stageCounts(account)).toEqual([{ stage: "signed", loans: 3, closed: 0 }])
          expect(yield* store.stageCounts(AccountName.make("no"))).toEqual([])
          const page = yield* store.loans({ account, after: "A", limit: 1 })
          expect(page.map(({ loan }) => loan.applicationReference)).toEqual(["B"])
          const registration = {
            account,
            bankUrl: "https://bank",
            callbackUrl: "https://us",
            registeredAt: 7,
          }
          expect(yield* store.callbackRegistration(account, "https://bank")).toBeUndefined()
          yield* store.saveCallbackRegistration(registration)
          expect(yield* store.callbackRegistration(account, "https://bank")).toEqual(registration)

          const intent = { account, bankUrl: "https://bank", callbackUrl: "https://us/2", askedAt: 8 }
          const later = { ...intent, askedAt: 9 }
          const elsewhere = { ...intent, bankUrl: "https://other-bank" }
          expect(yield* store.callbackIntent(account, "https://bank")).toBeUndefined()
          expect(yield* store.saveCallbackIntent(intent, { replaces: false })).toBe(true)
          expect(yield* store.saveCallbackIntent(later, { replaces: false })).toBe(false)
          expect(yield* store.callbackIntent(account, "https://bank")).toEqual(intent)
          expect(yield* store.saveCallbackIntent(later, { replaces: true })).toBe(true)
          expect(yield* store.saveCallbackIntent(elsewhere, { replaces: true })).toBe(true)
          expect(yield* store.callbackIntent(account, "https://bank")).toEqual(later)
          yield* store.saveCallbackRegistration({ ...registration, callbackUrl: "https://us/2" })
          expect(yield* store.callbackIntent(account, "https://bank")).toBeUndefined()
          expect(yield* store.callbackIntent(account, "https://other-bank")).toEqual(elsewhere)
          yield* store.dropCallbackIntent(account, "https://other-bank")
          expect(yield* store.callbackIntent(account, "https://other-bank")).toBeUndefined()
        }),
      )
    })

    it("counts and lists closed loans separately, until the bank makes progress", async () => {
      const closed = (reference: string, at: number): Observation => ({
        ...signed(reference, at),
        source: "operator",
        evidence: "operator",
        events: [
          {
            type: "loan.closed",
            at,
            closedFor: "withdrawn",
            by: "Ada",
          },
        ],
      })
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const listed = Effect.map(
            store.loans({ account, only: { closed: true }, after: "", limit: 9 }),
            (page) => page.map(({ loan }) => loan.applicationReference),
          )
          for (const reference of ["A", "B", "C"]) yield* write(store, signed(reference, 5), reference)
          for (const reference of ["A", "C"]) yield* write(store, closed(reference, 6), `close ${reference}`)
          expect(yield* store.stageCounts(account)).toEqual([{ stage: "signed", loans: 1, closed: 2 }])
          expect(yield* listed).toEqual(["A", "C"])
          const further = [
            { type: "loan.paidOut", at: 7 },
            { type: "loan.reopened", at: 7 },
          ] as const
          yield* write(store, { ...signed("A", 7), events: further }, "paid out")
          expect(yield* listed).toEqual(["C"])
          const counts = yield* store.stageCounts(account)
          expect(counts.toSorted((a, b) => (a.stage < b.stage ? -1 : 1))).toEqual([
            { stage: "paidOut", loans: 1, closed: 0 },
            { stage: "signed", loans: 1, closed: 1 },
          ])
        }),
      )
    })

    it("finds loans of one account by the merchant's own name, from any observation", async () => {
      const named = (reference: string, externalReference: string, of = account): Observation => ({
        ...signed(reference, 5, of),
        source: "submission",
        evidence: "bank",
        externalReference,
      })
      await using(await open(), (store) =>
        Effect.gen(function* () {
          yield* write(store, signed("late", 5), "a callback before")
          yield* write(store, named("late", "order-1"), "late")
          yield* write(store, named("early", "order-1"), "early")
          yield* write(store, named("early", "order-2"), "named again")
          yield* write(store, named("other", "order-1", otherAccount), "other")
          yield* write(store, signed("nameless", 5), "nameless")
          const found = Effect.fnUntraced(function* (externalReference: string, of = account) {
            const page = yield* store.loans({ account: of, only: { externalReference }, after: "", limit: 9 })
            return page.map(({ loan }) => loan.applicationReference)
          })
          expect(yield* found("order-1")).toEqual(["early", "late"])
          expect(yield* found("order-2")).toEqual([])
          expect(yield* found("order-1", otherAccount)).toEqual(["other"])
          expect(yield* found("' OR 1=1 --")).toEqual([])
        }),
      )
    })

    it("finds the loans whose reference begins with a prefix, with any last character, page by page", async () => {
      const last = "\u{10FFFF}"
      const references = [
        "a",
        "ab",
        "abc",
        "abd",
        `ab${last}`,
        `ab${last}x`,
        "ac",
        "aé",
        "\uD7FFx",
        "\uE000x",
        last,
      ]
      await using(await open(), (store) =>
        Effect.gen(function* () {
          for (const reference of references) yield* write(store, signed(reference, 5), reference)
          yield* write(store, signed("abx", 5, otherAccount), "another account's")
          for (const prefix of ["", "a", "ab", "abc", "abcd", `ab${last}`, "\uD7FF", last, "b"]) {
            const found: Array<string> = []
            for (let after = ""; ;) {
              const page = yield* store.loans({ account, prefix, after, limit: 2 })
              found.push(...page.map(({ loan }) => loan.applicationReference))
              const reached = page.at(-1)
              if (reached === undefined) break
              after = reached.loan.applicationReference
            }
            const expected = references.filter((reference) => reference.startsWith(prefix))
            expect(found.toSorted(), prefix).toEqual(expected.toSorted())
          }
          const only = { stage: "signed" } as const
          expect(yield* store.loans({ account, only, prefix: "abc", after: "", limit: 9 })).toHaveLength(1)
        }),
      )
    })
  })
}
