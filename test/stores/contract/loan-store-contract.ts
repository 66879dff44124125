import { digestOf } from "@loan-engine/app/journal/entry"
import { earlierEntriesMax } from "@loan-engine/app/store/decided-updates"
import { snapshotText } from "@loan-engine/domain/loan"
import { replay } from "@loan-engine/app/journal/entry"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { decide, signed, using, write } from "./loan-writing.ts"
import type { StoreUnderTest } from "./loan-writing.ts"

/** How every store must record observations of loans. Runs on real storage. */
export function loanStoreContract(name: string, open: () => StoreUnderTest | Promise<StoreUnderTest>): void {
  describe(`the ${name} store`, () => {
    it("reads what was written, also after it was closed and opened again", async () => {
      const storage = await open()
      const written = await using(storage, (store) => write(store, signed("A", 5), "body"))
      await using(storage, (store) =>
        Effect.gen(function* () {
          const stored = yield* store.load(written.loan.applicationReference)
          expect(stored?.loan).toEqual(written.loan)
          expect(stored?.chainHead).toBe(written.entry.hash)
          const [entry, ...more] = yield* store.history(written.loan.applicationReference)
          expect(more).toEqual([])
          const { raw: _raw, ...kept } = written.entry
          expect(entry).toMatchObject({
            ...kept,
            digest: digestOf(new TextEncoder().encode("body")),
            repeats: 0,
          })
        }),
      )
    })

    it("loads many loans at once, and leaves out those that are not there", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const references = ["A", `å 'quoted"`, "C"]
          const written = yield* Effect.forEach(references, (reference) =>
            write(store, signed(reference, 5), "body"),
          )
          const wanted = [...references, "nobody"].map((reference) => ApplicationReference.make(reference))
          const found = yield* store.loadAll(wanted)
          expect(new Set(found.map(({ loan }) => loan))).toEqual(new Set(written.map(({ loan }) => loan)))
          const one = ApplicationReference.make("A")
          expect(yield* store.loadAll([one])).toEqual([yield* store.load(one)])
          expect(yield* store.loadAll([])).toEqual([])
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

    it("decides again if another connection to the same store was faster, so that no change is lost", async () => {
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

    it("looks for an earlier delivery among a loan's newest entries only; an older delivery is recorded once more", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          yield* write(store, signed("A", 1), "the callback")
          const others = Array.from({ length: earlierEntriesMax }, (_, index) => `other ${index}`)
          for (const body of others) yield* write(store, signed("A", 2), body)
          yield* write(store, signed("A", 3), "other 0")
          const whole = Effect.map(store.history(ApplicationReference.make("A")), (entries) => entries.length)
          expect(yield* whole).toBe(1 + earlierEntriesMax)
          yield* write(store, signed("A", 4), "the callback")
          yield* write(store, signed("A", 5), "the callback")
          expect(yield* whole).toBe(2 + earlierEntriesMax)
        }),
      )
    })

    it("remembers since when an account's bank signs, also after it was closed and opened again", async () => {
      const storage = await open()
      const [se, no] = [AccountName.make("se"), AccountName.make("no")]
      await using(storage, (store) =>
        Effect.gen(function* () {
          expect(yield* store.signingSince(se)).toBeUndefined()
          yield* store.markSigning(se, 5)
          yield* store.markSigning(se, 9)
        }),
      )
      await using(storage, (store) =>
        Effect.gen(function* () {
          expect([yield* store.signingSince(se), yield* store.signingSince(no)]).toEqual([5, undefined])
        }),
      )
    })

    it("gives a loan's journal in pages, each behind the version before", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          for (let word = 1; word <= 5; word++) yield* write(store, signed("A", word), `word ${word}`)
          yield* write(store, signed("B", 9), "another loan's")
          const page = (after: number, limit: number) =>
            Effect.map(store.history(ApplicationReference.make("A"), { after, limit }), (entries) =>
              entries.map(({ version }) => version),
            )
          expect(yield* page(0, 2)).toEqual([1, 2])
          expect(yield* page(2, 2)).toEqual([3, 4])
          expect(yield* page(4, 2)).toEqual([5])
          expect(yield* page(5, 2)).toEqual([])
        }),
      )
    })

    it("counts a repetition that adds nothing, and stores it if no earlier entry has the same body", async () => {
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

    it("counts the same signed token in other bytes as a repetition, and another token or none as another message", async () => {
      await using(await open(), (store) =>
        Effect.gen(function* () {
          const under = (token: string, at: number) => ({
            ...signed("A", at),
            evidence: "jws" as const,
            token,
          })
          for (let spelling = 0; spelling < 100; spelling++) {
            yield* write(store, under("aa", 5 + spelling), `the callback${" ".repeat(spelling)}`)
          }
          yield* write(store, under("bb", 200), "a second token")
          yield* write(store, signed("A", 201), "no token")
          const entries = yield* store.history(ApplicationReference.make("A"))
          expect(entries.map(({ token, repeats }) => [token, repeats])).toEqual([
            ["aa", 99],
            ["bb", 0],
            [undefined, 0],
          ])
        }),
      )
    })

    it("counts every repetition, for any number at the same time", async () => {
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

    it("fails a change whose decision crashes with a defect, and not the other changes", async () => {
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

    it("refuses a change that the database refuses, and not the others in the same transaction", async () => {
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
  })
}
