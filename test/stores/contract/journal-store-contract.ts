import { sealRows } from "@loan-engine/app/journal/checkpoint"
import type { SealedRow } from "@loan-engine/app/journal/checkpoint"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { hashOf } from "@loan-engine/app/journal/entry"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import type { Source } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"

const account = AccountName.make("se")
const a = ApplicationReference.make("A")

const record = (reference: string, at: number, source: Source = "callback") =>
  Effect.flatMap(LoanEngine, (engine) =>
    engine.record(
      {
        applicationReference: ApplicationReference.make(reference),
        account,
        source,
        evidence: source === "operator" ? "operator" : "credentials",
        receivedAt: at,
        events: [{ type: "addition.requested", at }],
      },
      new TextEncoder().encode(`${reference} ${at}`),
    ),
  )

const named = (rows: ReadonlyArray<{ readonly applicationReference: string; readonly version: number }>) =>
  rows.map(({ applicationReference, version }) => `${applicationReference}${version}`)

/** What every store must do with the journal as a whole. Runs on real storage. */
export function journalStoreContract(
  name: string,
  open: () =>
    | Layer.Layer<LoanStore | JournalStore, unknown>
    | Promise<Layer.Layer<LoanStore | JournalStore, unknown>>,
): void {
  const using = async <A>(
    use: (journal: JournalStore["Service"]) => Effect.Effect<A, unknown, LoanEngine | LoanStore>,
  ): Promise<A> => {
    const engine = LoanEngine.layer(cadenceDefaults).pipe(Layer.provideMerge(await open()))
    return Effect.runPromise(Effect.flatMap(JournalStore, use).pipe(Effect.provide(engine)))
  }

  describe(`the journal of the ${name} store`, () => {
    it("is a feed in the order in which rows were acknowledged, page by page, each with its hashed text", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          const positions: Array<number> = []
          for (const [index, reference] of ["B", "A", "B", "C", "A"].entries()) {
            positions.push((yield* record(reference, index + 1)).position)
          }
          const first = yield* journal.feedRows({ after: 0, limit: 3 })
          const rest = yield* journal.feedRows({ after: first.at(-1)?.position ?? 0, limit: 3 })
          const rows = [...first, ...rest]
          expect(named(rows)).toEqual(["B1", "A1", "B2", "C1", "A2"])
          expect(rows.map(({ position }) => position)).toEqual(positions)
          expect(rows.map(({ text }) => hashOf(text))).toEqual(rows.map(({ hash }) => hash))
          expect(rows.map(({ raw }) => new TextDecoder().decode(raw ?? undefined))[1]).toBe("A 2")
          expect((yield* journal.lastEntry)?.position).toBe(positions.at(-1))
          const [second] = yield* journal.feed({ after: positions[0] ?? 0, limit: 1 })
          expect(second).toEqual({ position: rows[1]?.position, text: rows[1]?.text, hash: rows[1]?.hash })
          expect(yield* journal.feed({ after: positions.at(-1) ?? 0, limit: 3 })).toEqual([])
          const byLoan = yield* journal.rowsByLoan({
            after: { applicationReference: "A", version: 1, position: positions[1] ?? 0 },
            limit: 2,
          })
          expect(named(byLoan)).toEqual(["A2", "B1"])
        }),
      ))

    it("knows the last version of a loan at each position", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          const positions: Array<number> = []
          for (const [index, reference] of ["B", "A", "B", "A", "A"].entries()) {
            positions.push((yield* record(reference, index + 1)).position)
          }
          const at = yield* Effect.forEach([0, ...positions], (position) => journal.versionAt(a, position))
          expect(at).toEqual([0, 0, 1, 1, 2, 3])
          expect(yield* journal.versionAt(ApplicationReference.make("C"), positions.at(-1) ?? 0)).toBe(0)
        }),
      ))

    it("shows each loan's snapshot beside its columns, in the order of the references' bytes", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          for (const reference of ["a", "B", "Å", "A-1", "A"]) yield* record(reference, 1)
          const snapshots = yield* journal.snapshots({ after: "", limit: 10 })
          expect(named(snapshots)).toEqual(["A1", "A-11", "B1", "a1", "Å1"])
          const stored = yield* Effect.flatMap(LoanStore, (store) => store.load(a))
          expect(snapshots[0]).toMatchObject({ account, stage: "submitted", chainHead: stored?.chainHead })
          expect(named(yield* journal.snapshots({ after: "B", limit: 1 }))).toEqual(["a1"])
        }),
      ))

    it("keeps one chain of checkpoints: of two that follow the same one, only the first is taken", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          yield* record("A", 1)
          yield* record("B", 2)
          const rows = yield* journal.sealable({ after: 0, limit: 10 })
          expect(named(rows)).toEqual(["A1", "B1"])
          expect(yield* journal.lastCheckpoint).toBeUndefined()
          const [one = sealed, two = sealed] = rows
          const first = sealRows(undefined, [one], 1_000)
          yield* journal.saveCheckpoint(first)
          expect(yield* journal.lastCheckpoint).toMatchObject({
            number: 1,
            hash: first.hash,
            position: one.position,
          })
          const rival = sealRows(undefined, [one, two], 2_000)
          expect((yield* Effect.flip(journal.saveCheckpoint(rival)))._tag).toBe("StoreUnavailable")
          const second = sealRows(first, [two], 3_000)
          yield* journal.saveCheckpoint(second)
          const all = yield* journal.checkpoints({ after: 0, limit: 10 })
          expect(all.map(({ hash }) => hash)).toEqual([first.hash, second.hash])
          expect(JSON.parse(all[1]?.rows ?? "")).toEqual([two])
          expect(yield* journal.checkpoints({ after: 1, limit: 10 })).toHaveLength(1)
        }),
      ))

    it("counts callbacks up to a position, and nothing if the stored position has changed", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          const day = {
            account,
            day: 20_000,
            byCallback: 2,
            byPoll: 1,
            late: 0,
            forged: 0,
            unauthorized: 3,
            lastCallbackAt: 1_790_000_000_000,
          }
          expect(yield* journal.callbacksCountedTo).toBe(0)
          expect(yield* journal.countCallbacks({ from: 0, to: 7, days: [day] })).toBe(true)
          expect(yield* journal.countCallbacks({ from: 0, to: 9, days: [day] })).toBe(false)
          expect(
            yield* journal.countCallbacks({ from: 7, to: 7, days: [{ ...day, lastCallbackAt: null }] }),
          ).toBe(true)
          expect(yield* journal.countCallbacks({ from: 7, to: 8, days: [] })).toBe(true)
          expect(yield* journal.callbacksCountedTo).toBe(8)
          expect(yield* journal.callbackDays(20_000)).toEqual([
            { ...day, byCallback: 4, byPoll: 2, unauthorized: 6 },
          ])
          expect(yield* journal.callbackDays(20_001)).toEqual([])
        }),
      ))

    it("erases bodies up to a version, except those of operators, and keeps the chain valid", () =>
      using(
        Effect.fnUntraced(function* (journal) {
          yield* record("A", 1)
          yield* record("A", 2, "operator")
          yield* record("A", 3)
          expect(yield* journal.eraseRaw(a, 2)).toBe(1)
          expect(yield* journal.eraseRaw(a, 2)).toBe(0)
          const rows = yield* journal.feedRows({ after: 0, limit: 10 })
          expect(rows.map(({ raw }) => raw === null)).toEqual([true, false, false])
          expect(rows.map(({ text }) => hashOf(text))).toEqual(rows.map(({ hash }) => hash))
        }),
      ))
  })
}

const sealed: SealedRow = { position: 0, applicationReference: "", version: 0, hash: "" }
