import { DatabaseSync } from "node:sqlite"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { replay } from "@loan-engine/app/journal/entry"
import { cadenceDefaults, graceMsOf } from "@loan-engine/app/schedule/poll-cadence"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { snapshotText } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Context, Effect, Redacted } from "effect"
import type { Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { isThorough } from "../properties/settings.ts"
import { query, startPostgres } from "../../stores/postgres/server.ts"
import { fileStore, newFile, receive } from "../../doors/webhooks/files.ts"
import type { StoreLayer } from "../../doors/webhooks/support.ts"
import { openEngine, until } from "../../doors/webhooks/support.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

interface Opened {
  readonly layer: StoreLayer
  /** Runs a statement behind the engine's back. `table` is the table's name in this store. */
  readonly alter: (sql: (table: string) => string) => Promise<unknown>
}

const stores: ReadonlyArray<readonly [string, () => Promise<Opened>]> = [
  [
    "SQLite",
    async () => {
      const path = newFile()
      const alter = async (sql: (table: string) => string) => {
        const database = new DatabaseSync(path)
        database.exec(sql("loans"))
        database.close()
      }
      return { layer: fileStore(path), alter }
    },
  ],
  [
    "PostgreSQL",
    async () => {
      const url = await server.newDatabase()
      return {
        layer: layerPostgres({ ...postgresDefaults, url: Redacted.make(url) }),
        alter: (sql) => query(url, sql("loan_engine.loans")),
      }
    },
  ],
]

const loans = isThorough ? 1_000 : 300
const rounds = 10
/** A time after the grace, so that a time before the grace is still positive. */
const startsAt = 100_000
const account = AccountName.make("se")
const referenceOf = (index: number): ApplicationReference => ApplicationReference.make(`quiet-${index}`)

const said = (
  applicationReference: ApplicationReference,
  source: "poll" | "quote" | "callback",
  at: number,
  ...events: ReadonlyArray<LoanEvent>
): Observation => ({
  applicationReference,
  account,
  source,
  evidence: source === "callback" ? "jws" : "bank",
  receivedAt: at + 5,
  events,
})

/** The bank's answers for an open loan. Every third loan waits for documents, and every third is inspected. */
const answersOf = (index: number, at: number, kind = index): ReadonlyArray<Observation> => {
  const reference = referenceOf(index)
  const type = kind % 3 === 0 ? "addition.requested" : "addition.cleared"
  const decided: LoanEvent =
    kind % 3 === 1
      ? { type: "decision.pending", at, fresh: true }
      : { type: "decision.approved", at, fresh: true }
  // The poller gives an answer without documents an earlier time. So does this.
  const statusAt = type === "addition.cleared" ? at - graceMsOf(cadenceDefaults) : at
  return [said(reference, "poll", at, { type, at: statusAt }), said(reference, "quote", at, decided)]
}

const bytes = (observation: Observation): Uint8Array => new TextEncoder().encode(JSON.stringify(observation))

const using = <A>(
  store: () => Promise<Opened>,
  use: (parts: {
    readonly alter: Opened["alter"]
    readonly engine: LoanEngine["Service"]
    readonly record: (observation: Observation) => Effect.Effect<unknown, unknown>
    readonly head: Effect.Effect<number, unknown>
    readonly taken: ReadonlyArray<unknown>
  }) => Effect.Effect<A, unknown, Scope.Scope>,
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const { layer, alter } = yield* Effect.promise(store)
        const { context } = yield* openEngine(layer, [receiver])
        const engine = Context.get(context, LoanEngine)
        const journal = Context.get(context, JournalStore)
        return yield* use({
          alter,
          engine,
          record: (observation) => engine.record(observation, bytes(observation)),
          head: Effect.map(journal.feed({ after: 0, limit: 10 * loans }), (rows) => rows.length),
          taken: receiver.taken,
        })
      }),
    ),
  )

/**
 * Polls `count` loans once, and then many times again. Compares the content of the store after the first time and
 * after the last.
 */
const askAgain = (store: () => Promise<Opened>, count: number, answers = answersOf) =>
  using(store, ({ engine, record, head, taken }) =>
    Effect.gen(function* () {
      const round = (at: number) =>
        Effect.forEach(
          Array.from({ length: count }, (_, index) => index),
          (index) => Effect.forEach(answers(index, at), record),
          { concurrency: 100, discard: true },
        )
      const held = Effect.gen(function* () {
        const rows = yield* head
        yield* until(() => expect(taken.length).toBe(rows))
        return { rows, versions: yield* versionsOf(engine, count), messages: taken.length }
      })
      yield* round(startsAt)
      const first = yield* held
      for (let again = 1; again <= rounds; again++) yield* round(startsAt + again * 1_000)
      const { watermark } = (yield* engine.loan(referenceOf(count - 1))) ?? {}
      return { first, last: yield* held, watermark }
    }),
  )

describe.each(stores)("P9 on %s, an answer that says nothing new", (name, store) => {
  it("leaves no row, version, change or webhook: 1,000 open loans, ten times", async ({ task }) => {
    const { first, last, watermark } = await askAgain(store, loans)
    expect(last).toEqual(first)
    expect(watermark?.status).toMatchObject({
      times: rounds + 1,
      askedAt: startsAt + 10_000,
      heardAt: startsAt + 10_005,
    })
    task.meta.proofs = [{ property: "P9", means: "simulation", cases: loans * rounds * 2 }]
  })

  it("differs from an answer with news each time, which leaves all of them", async () => {
    const changing = (index: number, at: number) => answersOf(index, at, index + at / 1_000)
    const { first, last } = await askAgain(store, 3, changing)
    expect(last.rows).toBeGreaterThan(first.rows)
    expect(last.messages).toBe(last.rows)
    expect(last.versions).not.toEqual(first.versions)
  })

  it("is in the next entry, so that an earlier event counts as old, and a replay needs nothing else", () =>
    using(store, ({ engine, record }) =>
      Effect.gen(function* () {
        const reference = ApplicationReference.make(`late-${name}`)
        const approved = (at: number): Observation =>
          said(reference, "quote", at, { type: "decision.approved", at, fresh: true })
        for (const at of [1_000, 5_000, 9_000]) yield* record(approved(at))
        yield* record(said(reference, "callback", 10_000, { type: "decision.rejected", at: 3_000 }))
        const stored = yield* engine.loan(reference)
        expect(stored?.loan).toMatchObject({ stage: "approved", version: 2 })
        const entries = yield* engine.history(reference)
        expect(entries.map(({ levels }) => levels)).toEqual([undefined, approved(9_000).events])
        const replayed = replay(entries)
        expect(replayed && snapshotText(replayed)).toBe(stored && snapshotText(stored.loan))
      }),
    ))
})

/** Values that somebody could have written in the place of a watermark. */
const altered = ["watermark || ' '", "'no watermark'", "'{}'", "NULL"]

describe.each(stores)("a watermark on %s that somebody has changed", (name, store) => {
  it.each(altered)("does not prevent later reports: %s", (value) =>
    using(store, ({ engine, record, alter }) =>
      Effect.gen(function* () {
        const reference = ApplicationReference.make(`altered-${name}`)
        const approved = (at: number): Observation =>
          said(reference, "quote", at, { type: "decision.approved", at, fresh: true })
        for (const at of [1_000, 5_000]) yield* record(approved(at))
        yield* Effect.promise(() => alter((table) => `UPDATE ${table} SET watermark = ${value}`))
        yield* record(approved(9_000))
        yield* Effect.promise(() => alter((table) => `UPDATE ${table} SET watermark = ${value}`))
        yield* record(said(reference, "callback", 10_000, { type: "agreement.signed", at: 10_000 }))
        expect((yield* engine.loan(reference))?.loan.stage).toBe("signed")
      }),
    ),
  )
})

const versionsOf = (engine: LoanEngine["Service"], count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    (index) => Effect.map(engine.loan(referenceOf(index)), (stored) => stored?.loan.version),
  )
