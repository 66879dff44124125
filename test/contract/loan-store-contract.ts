import { openLoan, observe, snapshotText } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { digestOf, journalEntry, replay } from "@loan-engine/app/journal/journal"
import type { Change, StoredLoan } from "@loan-engine/app/loan-store"
import { LoanStore } from "@loan-engine/app/loan-store"
import { neverPolled } from "@loan-engine/app/polling/poll-cadence"
import type { Layer } from "effect"
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"

const account = AccountName.make("se")
const otherAccount = AccountName.make("no")

const signed = (reference: string, at: number, of = account): Observation => ({
  applicationReference: ApplicationReference.make(reference),
  account: of,
  source: "callback",
  evidence: "credentials",
  receivedAt: at,
  events: [{ type: "agreement.signed", at }],
})

/** What the engine would have written for an observation, with a poll due at once. */
const decide =
  (observation: Observation, body: string, confirm = false) =>
  (stored: StoredLoan | undefined): Change => {
    const before = stored?.loan ?? openLoan(observation.applicationReference, observation.account)
    const decision = observe(before, observation)
    const raw = new TextEncoder().encode(body)
    return {
      entry: journalEntry(
        observation,
        decision,
        { raw, digest: digestOf(raw) },
        1_000,
        stored?.chainHead ?? "",
      ),
      loan: decision.loan,
      schedule: { ...neverPolled, nextPollAt: observation.receivedAt, confirm },
      addsNothing: decision.disposition === "repeated",
    }
  }

export interface StoreUnderTest {
  /** The store on storage that is still there when it is opened again. */
  readonly layer: Layer.Layer<LoanStore, unknown>
  /** Sets the clock by which the store measures leases, if it has one of its own. */
  readonly setClock?: (now: number) => Promise<unknown>
}

/** What every store must do, on real storage. */
export function loanStoreContract(name: string, open: () => StoreUnderTest | Promise<StoreUnderTest>): void {
  const using = <A>(
    { layer }: StoreUnderTest,
    use: (store: LoanStore["Service"]) => Effect.Effect<A, unknown>,
  ) => Effect.runPromise(Effect.flatMap(LoanStore, use).pipe(Effect.provide(layer)))
  const setClock = (storage: StoreUnderTest, now: number) =>
    Effect.promise(async () => storage.setClock?.(now))
  const write = (store: LoanStore["Service"], observation: Observation, body: string) =>
    Effect.flatMap(store.update(observation.applicationReference, decide(observation, body)), (change) =>
      change === undefined ? Effect.die(new Error("nothing was written")) : Effect.succeed(change),
    )

  describe(`the ${name} store`, () => {
    it("gives back what was written, also after it was closed and opened again", async () => {
      const storage = await open()
      const written = await using(storage, (store) => write(store, signed("A", 5), "body"))
      await using(storage, (store) =>
        Effect.gen(function* () {
          const stored = yield* store.load(written.loan.applicationReference)
          expect(stored?.loan).toEqual(written.loan)
          expect(stored?.chainHead).toBe(written.entry.hash)
          const [entry, ...more] = yield* store.history(written.loan.applicationReference)
          expect(more).toEqual([])
          expect(entry).toMatchObject({ ...written.entry, raw: expect.anything(), repeats: 0 })
          expect(new TextDecoder().decode(entry?.raw ?? undefined)).toBe("body")
        }),
      )
    })

    it("writes concurrent changes of one loan one after another, none lost", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const requests = Array.from({ length: 50 }, (_, index): Observation => ({
            ...signed("hot", 100 + index),
            events: [{ type: "addition.requested", at: 100 + index }],
          }))
          yield* Effect.forEach(
            requests,
            (observation, index) => write(store, observation, `body ${index}`),
            {
              concurrency: "unbounded",
            },
          )
          const entries = yield* store.history(ApplicationReference.make("hot"))
          expect(entries.map(({ version }) => version)).toEqual(requests.map((_, index) => index + 1))
          entries.forEach((entry, index) => {
            expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? "")
          })
          const stored = yield* store.load(ApplicationReference.make("hot"))
          const replayed = replay(entries)
          expect(replayed && snapshotText(replayed)).toBe(stored && snapshotText(stored.loan))
        }),
      )
    })

    it("decides again what another opening of the same storage has overtaken, so that no change is lost or forked", async () => {
      const storage = await open()
      const reference = ApplicationReference.make("shared")
      const changesEach = 120
      let decisions = 0
      const writeAll = (writer: string) =>
        using(storage, (store) =>
          Effect.forEach(
            Array.from({ length: changesEach }, (_, index) => index),
            (index) => {
              const observation: Observation = {
                ...signed("shared", 1_000 + index),
                events: [{ type: "addition.requested", at: 1_000 + index }],
              }
              const decided = decide(observation, `${writer} ${index}`)
              return store.update(reference, (stored) => {
                decisions++
                return { ...decided(stored), addsNothing: false }
              })
            },
            { concurrency: 8, discard: true },
          ),
        )
      await Promise.all([writeAll("one"), writeAll("other")])
      const entries = await using(storage, (store) => store.history(reference))
      expect(decisions).toBeGreaterThanOrEqual(2 * changesEach)
      expect(entries.map(({ version }) => version)).toEqual(
        Array.from({ length: 2 * changesEach }, (_, index) => index + 1),
      )
      entries.forEach((entry, index) => {
        expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? "")
      })
      const replayed = replay(entries)
      const stored = await using(storage, (store) => store.load(reference))
      expect(replayed && snapshotText(replayed)).toBe(stored && snapshotText(stored.loan))
    })

    it("counts a re-delivery that adds nothing, and keeps its row when no earlier one says the same", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          yield* write(store, signed("A", 5), "the callback")
          yield* write(store, signed("A", 6), "the callback")
          yield* write(store, signed("A", 7), "the callback")
          yield* write(store, signed("A", 8), "another wording")
          const entries = yield* store.history(ApplicationReference.make("A"))
          expect(entries).toMatchObject([
            { repeats: 2, lastRepeatedAt: 7, disposition: "advanced" },
            { repeats: 0, lastRepeatedAt: null, disposition: "repeated" },
          ])
        }),
      )
    })

    it("counts every re-delivery of a storm, however many come at once", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          yield* write(store, signed("A", 5), "the callback")
          const storm = Array.from({ length: 80 }, (_, index) => index)
          yield* Effect.forEach(storm, (index) => write(store, signed("A", 6 + index), "the callback"), {
            concurrency: "unbounded",
          })
          const entries = yield* store.history(ApplicationReference.make("A"))
          expect(entries.map(({ repeats }) => repeats)).toEqual([storm.length])
        }),
      )
    })

    it("hands a due poll to one claimer only, until its lease is over", async () => {
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

    it("takes a poll back that was claimed, and leaves alone one that has moved on or was claimed again", async () => {
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

    it("claims from the line that is named, those due longest, and says when each line is due", async () => {
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

    it("fails a change whose decision crashes as the defect it is, and not its neighbours", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const crash = store.update(ApplicationReference.make("A"), () => {
            throw new TypeError("a defect of ours")
          })
          const [good, bad] = yield* Effect.all([write(store, signed("B", 5), "b"), Effect.exit(crash)], {
            concurrency: "unbounded",
          })
          expect(good.loan.stage).toBe("signed")
          expect(String(bad)).toContain("a defect of ours")
          expect(yield* store.load(ApplicationReference.make("A"))).toBeUndefined()
        }),
      )
    })

    it("refuses a change that the database does not take, and not its neighbours in the same transaction", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const observation = signed("bad", 5)
          const bad = store.update(observation.applicationReference, (stored) => {
            const change = decide(observation, "bad")(stored)
            return { ...change, loan: { ...change.loan, account: null as never } }
          })
          const [before, refused, after] = yield* Effect.all(
            [write(store, signed("A", 5), "a"), Effect.exit(bad), write(store, signed("B", 5), "b")],
            { concurrency: "unbounded" },
          )
          expect(Exit.isFailure(refused)).toBe(true)
          for (const { loan, entry } of [before, after]) {
            expect((yield* store.load(loan.applicationReference))?.chainHead).toBe(entry.hash)
          }
          expect(yield* store.load(observation.applicationReference)).toBeUndefined()
          expect(yield* store.history(observation.applicationReference)).toEqual([])
        }),
      )
    })

    it("counts loans by stage and account, pages them, and remembers the callback's registration", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          for (const reference of ["A", "B", "C"]) yield* write(store, signed(reference, 5), reference)
          expect(yield* store.stageCounts(account)).toEqual([{ stage: "signed", loans: 3 }])
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
        }),
      )
    })

    it("finds loans by what the merchant calls them, of one account, whichever observation said so", async () => {
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

    it("finds the loans whose reference begins with a prefix, whatever characters it ends with, page by page", async () => {
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
