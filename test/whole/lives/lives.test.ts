import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { observationOf, replay } from "@loan-engine/app/journal/entry"
import { verifyJournal } from "@loan-engine/app/audit/verify-journal"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import type { StoredLoan } from "@loan-engine/app/ports/loan-store"
import { makeStage } from "@loan-engine/app/sandbox/play-life"
import { stepInWords } from "@loan-engine/app/sandbox/told-life"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Exit, Redacted, Scope } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stateMsMax } from "../../patience.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import { meaning } from "../../proof/properties/fold.ts"
import { propertySeed } from "../../proof/properties/settings.ts"
import { decodeLife, toldLives } from "./told-lives.ts"

const scratch = mkdtempSync(join(tmpdir(), "loan-engine-lives-"))
const file = join(scratch, "lives.sqlite")
const accounts = ["lives", "lives-signed"].map((name) => AccountName.make(name))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(scratch, { recursive: true })
})

/** How far a replica lags in a life. An engine on a busy machine must poll within this time. */
const lagMsMax = 20_000

/** In how many other orders each life's journal is replayed. */
const ordersOfEach = 100

const stores = [
  [
    "SQLite",
    async () => file,
    (url: string) => layerSqlite({ path: url, ...sqliteDefaults, readOnly: true, oneMoment: true }),
  ],
  [
    "PostgreSQL",
    () => server.newDatabase(),
    (url: string) => layerPostgres({ ...postgresDefaults, url: Redacted.make(url) }),
  ],
] as const

describe.each(stores)("the library of lives, on %s", (_name, newUrl, layer) => {
  let url = ""
  const told = new Map<string, ReadonlyArray<string>>()

  beforeAll(async () => {
    url = await newUrl()
    const scope = Scope.makeUnsafe()
    const played = Effect.gen(function* () {
      const stage = yield* makeStage({
        databaseUrl: url,
        apiKey: Redacted.make("key-of-the-lives"),
        standsMsMax: stateMsMax,
        additionGraceMs: lagMsMax,
      })
      // All lives run at the same time. Each waits only for its own bank.
      yield* Effect.forEach(
        toldLives,
        ({ slug, life }) => {
          const steps: Array<string> = []
          const tell = (step: (typeof life.steps)[number]) =>
            Effect.sync(() => void steps.push(stepInWords(step)))
          return stage.play(life, slug, tell).pipe(
            Effect.catch(({ message }) => Effect.sync(() => void steps.push(`wrong: ${message}`))),
            Effect.ensuring(Effect.sync(() => void told.set(slug, steps))),
          )
        },
        { concurrency: "unbounded", discard: true },
      )
    })
    const exit = await Effect.runPromiseExit(Scope.provide(played, scope))
    await Effect.runPromise(Scope.close(scope, exit))
    expect(Exit.isSuccess(exit)).toBe(true)
  })

  it.for(toldLives)("$life.name", ({ slug, life }, { task }) => {
    task.meta.proofs = [{ property: "P5", means: "simulation", cases: 1 }]
    expect(told.get(slug)).toEqual(life.steps.map(stepInWords))
  })

  it("is a sound journal, which replays to each loan's stage in any order", async ({ task }) => {
    const read = Effect.gen(function* () {
      const { findings } = yield* verifyJournal()
      const store = yield* LoanStore
      const limit = toldLives.length + 1
      const stored = yield* Effect.forEach(accounts, (account) =>
        store.loans({ account, after: "", limit }),
      ).pipe(Effect.map((lists) => lists.flat().toSorted(byReference)))
      const histories = yield* Effect.forEach(stored, ({ loan }) => store.history(loan.applicationReference))
      return { findings, stored, histories }
    })
    const cases = toldLives.length * ordersOfEach
    task.meta.proofs = [
      { property: "P2", means: "random", cases },
      { property: "P6", means: "simulation", cases: toldLives.length },
    ]
    const { findings, stored, histories } = await Effect.runPromise(Effect.provide(read, layer(url)))
    expect(findings).toEqual([])
    expect(stored.map(({ loan }) => loan.applicationReference)).toEqual(
      toldLives.map(({ slug }) => ApplicationReference.make(slug)),
    )
    stored.forEach(({ loan }, index) => {
      const entries = histories[index] ?? []
      const replayed = replay(entries)
      expect(replayed && snapshotText(replayed)).toBe(snapshotText(loan))
      const heard = entries.map(observationOf)
      fc.assert(
        fc.property(fc.shuffledSubarray(heard, { minLength: heard.length }), (shuffled) => {
          const opened = openLoan(loan.applicationReference, loan.account)
          const folded = shuffled.reduce((before, observation) => observe(before, observation).loan, opened)
          expect(meaning(folded)).toBe(meaning(loan))
        }),
        { seed: propertySeed, numRuns: ordersOfEach },
      )
    })
  })
})

const byReference = (one: StoredLoan, other: StoredLoan): number =>
  one.loan.applicationReference < other.loan.applicationReference ? -1 : 1

describe("a life with a wrong expectation", () => {
  it("names the step and the difference", async () => {
    const life = decodeLife(
      JSON.stringify({
        name: "Wrong",
        story: "The bank approves, and it is told that it rejects.",
        steps: [{ callback: { says: "approved" } }, { stands: { stage: "rejected", offer: 10_000 } }],
      }),
    )
    const wrong = Effect.scoped(
      Effect.gen(function* () {
        const databaseUrl = join(scratch, "wrong.sqlite")
        const stage = yield* makeStage({
          databaseUrl,
          apiKey: Redacted.make("key-of-the-lives"),
          standsMsMax: 1,
          additionGraceMs: 1,
        })
        return yield* Effect.flip(stage.play(life, "wrong-1", () => Effect.void))
      }),
    )
    expect(await Effect.runPromise(wrong)).toMatchObject({
      message: '"Wrong", step 2: stage is "approved", not "rejected"',
    })
  })
})
