import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { makeRejectionLog } from "@loan-engine/adapters-http/callback/rejection-log"
import { callbackHealth, callbackHealthDefaults } from "@loan-engine/app/callback-health/health"
import type { CallbackDay } from "@loan-engine/app/callback-health/health"
import { callbackHealths, watchCallbacks } from "@loan-engine/app/callbacks/callback-watch"
import { LoanEngine } from "@loan-engine/app/record/engine"
import type { JournalStore } from "@loan-engine/app/ports/journal-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Source } from "@loan-engine/domain/observation"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, describe, expect, it } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-health-"))
afterAll(() => rmSync(directory, { recursive: true }))

const se = AccountName.make("se")
const no = AccountName.make("no")
const settings = { ...callbackHealthDefaults, callbackNewsMin: 4 }
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** A time when all callbacks of day 3 must have arrived. */
const later = 5 * dayMs + 12 * hourMs
const health = (days: ReadonlyArray<CallbackDay>, now = later) => callbackHealth(se, days, settings, now)

const day = (counts: Partial<CallbackDay>): CallbackDay => ({
  account: se,
  day: 3,
  byCallback: 0,
  byPoll: 0,
  late: 0,
  forged: 0,
  unauthorized: 0,
  lastCallbackAt: null,
  ...counts,
})

describe("an account's callback health", () => {
  it("counts news from polls as missed, except news that a late callback reported", () => {
    expect(health([day({ byCallback: 6, byPoll: 4, late: 1 })])).toMatchObject({
      missed: 3,
      missedRate: 0.3,
      alarming: false,
      state: "some-missed",
    })
    expect(health([day({ byCallback: 6, byPoll: 5, late: 1 })])).toMatchObject({
      alarming: true,
      state: "alarm",
    })
    expect(health([day({ byCallback: 6, byPoll: 2, late: 2 })])).toMatchObject({ missed: 0, state: "fine" })
  })

  it("does not count a callback as missed while it may still come, but counts it as late", () => {
    const days = [day({ byCallback: 1, byPoll: 4 })]
    const late = { missed: 0, missedRate: 0, awaited: 4, alarming: false, state: "late" }
    expect(health(days, 3 * dayMs)).toMatchObject(late)
    expect(health(days, later - 1)).toMatchObject(late)
    expect(health(days, later)).toMatchObject({ missed: 4, awaited: 0, missedRate: 0.8, state: "alarm" })
    expect(health([day({ byCallback: 9, byPoll: 1 })], 3 * dayMs)).toMatchObject({
      awaited: 1,
      state: "fine",
    })
  })

  it("is never fine while callbacks are refused, even if nothing is missed", () => {
    for (const refused of [{ forged: 1 }, { unauthorized: 1 }])
      expect(health([day({ byCallback: 30, ...refused })])).toMatchObject({
        missed: 0,
        state: "some-refused",
      })
    expect(health([day({ byCallback: 30 })])).toMatchObject({ state: "fine" })
  })

  it("counts a late callback for the oldest news that it can belong to", () => {
    const news = [day({ byPoll: 5 }), day({ day: 4, byPoll: 5 })]
    const of = (lateDay: number, late: number) => health([...news, day({ day: lateDay, late })], 8 * dayMs)
    expect(of(4, 6).missed).toBe(4)
    expect(of(5, 5).missed).toBe(5)
    // Two days later, the bank no longer retries a callback of the first day.
    expect(of(6, 10).missed).toBe(5)
    expect(of(7, 10).missed).toBe(10)
    expect(of(3, 10).missed).toBe(5)
  })

  it("gives no alarm while there is too little news, nor for repetitions", () => {
    expect(health([day({ byPoll: 3 })])).toMatchObject({ missedRate: 1, alarming: false, state: "unjudged" })
    expect(health([day({ byPoll: 3 })], 3 * dayMs)).toMatchObject({ awaited: 3, state: "unjudged" })
    expect(health([day({ late: 9 })])).toMatchObject({ missed: 0, missedRate: 0, state: "quiet" })
  })

  it("adds up only its own days, and remembers the last callback of all days", () => {
    const days = [
      day({ byCallback: 1, lastCallbackAt: 7 }),
      day({ day: 4, byCallback: 2, forged: 1, lastCallbackAt: 5 }),
      day({ day: 4, byPoll: 1 }),
      day({ account: no, byPoll: 50, unauthorized: 2 }),
    ]
    expect(health(days)).toMatchObject({
      byCallback: 3,
      byPoll: 1,
      forged: 1,
      unauthorized: 0,
      lastCallbackAt: 7,
    })
  })
})

const evidenceOf = {
  submission: "merchant",
  callback: "credentials",
  poll: "bank",
  quote: "bank",
  operator: "operator",
} as const

/** Runs an engine on a new file and collects its log lines. */
const watched = <A>(
  name: string,
  use: (tools: {
    readonly tell: (source: Source, reference: string, event: LoanEvent) => Effect.Effect<unknown, unknown>
    readonly refuse: (account: AccountName, code: "signature-invalid" | "unauthorized") => void
    readonly alarms: ReadonlyArray<string>
    readonly healths: Effect.Effect<ReadonlyArray<unknown>, unknown, JournalStore>
    readonly pass: Effect.Effect<void>
  }) => Effect.Effect<A, unknown, JournalStore>,
) => {
  const store = layerSqlite({ path: join(directory, `${name}.sqlite`), ...sqliteDefaults })
  const alarms: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => {
    if (logLevel === "Warn") alarms.push(String(message))
  })
  const accounts = [se, no]
  return Effect.gen(function* () {
    const engine = yield* LoanEngine
    const rejections = makeRejectionLog()
    yield* watchCallbacks(settings, accounts, rejections)
    return yield* use({
      tell: (source, reference, event) =>
        engine.record(
          {
            applicationReference: ApplicationReference.make(reference),
            account: se,
            source,
            evidence: evidenceOf[source],
            receivedAt: event.at,
            events: [event],
          },
          new TextEncoder().encode(JSON.stringify([source, reference, event])),
        ),
      refuse: (account, code) => rejections.add({ at: 0, code, account }),
      alarms,
      healths: callbackHealths(settings, accounts),
      pass: TestClock.adjust(settings.callbackHealthEveryMs),
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(
      LoanEngine.layer(cadenceDefaults).pipe(
        Layer.provideMerge(store),
        Layer.provideMerge(TestClock.layer()),
        Layer.provideMerge(Logger.layer([logger])),
      ),
    ),
    Effect.runPromise,
  )
}

describe("the watch over callbacks", () => {
  it("counts each entry once, also over restarts, by what brought the news", async () => {
    const first = await watched("once", ({ tell, pass, healths, refuse }) =>
      Effect.gen(function* () {
        yield* tell("submission", "A", { type: "decision.pending", at: 1 })
        yield* tell("callback", "A", { type: "decision.approved", at: 2 })
        yield* tell("poll", "A", { type: "agreement.signed", at: 3 })
        yield* tell("callback", "A", { type: "agreement.signed", at: 4 })
        refuse(no, "signature-invalid")
        refuse(no, "unauthorized")
        yield* pass
        yield* pass
        return yield* healths
      }),
    )
    const expected = [
      { account: se, byCallback: 1, byPoll: 1, late: 1, missed: 0, forged: 0, lastCallbackAt: 4 },
      { account: no, byCallback: 0, forged: 1, unauthorized: 1, lastCallbackAt: null },
    ]
    expect(first).toMatchObject(expected)
    const second = await watched("once", ({ pass, healths }) => Effect.andThen(pass, healths))
    expect(second).toMatchObject(expected)
  })

  it("does not count a registered decision as a missed callback", async () => {
    const healths = await watched("told", ({ tell, pass, healths }) =>
      Effect.gen(function* () {
        yield* tell("submission", "A", { type: "decision.approved", at: 1 })
        yield* tell("quote", "A", { type: "decision.approved", at: 2, fresh: true })
        yield* tell("submission", "B", { type: "decision.pending", at: 1 })
        yield* tell("quote", "B", { type: "decision.approved", at: 3, fresh: true })
        yield* pass
        return yield* healths
      }),
    )
    expect(healths).toMatchObject([{ account: se, byPoll: 1, awaited: 1 }, { account: no }])
  })

  it("counts refusals just before the stop, and continues after a damaged row", async () => {
    await watched("damaged", ({ tell, refuse }) =>
      Effect.gen(function* () {
        yield* tell("callback", "A", { type: "decision.approved", at: 2 })
        yield* tell("callback", "B", { type: "decision.approved", at: 3 })
        refuse(se, "unauthorized")
      }),
    )
    const database = new DatabaseSync(join(directory, "damaged.sqlite"))
    database.exec("UPDATE cursors SET position = 0; DELETE FROM callback_days WHERE by_callback > 0")
    database.exec("UPDATE journal SET content = '{}' WHERE position = 1")
    database.close()
    const healths = await watched("damaged", ({ pass, healths }) => Effect.andThen(pass, healths))
    expect(healths).toMatchObject([{ account: se, byCallback: 1, lastCallbackAt: 3 }, { account: no }])
  })

  it("counts a refusal of the last moment", async () => {
    await watched("last", ({ tell, pass, refuse }) =>
      Effect.gen(function* () {
        yield* tell("callback", "A", { type: "decision.approved", at: 2 })
        yield* pass
        refuse(se, "unauthorized")
      }),
    )
    const healths = await watched("last", ({ healths }) => healths)
    expect(healths).toMatchObject([{ account: se, unauthorized: 1, lastCallbackAt: 2 }, { account: no }])
  })

  it("warns once when callbacks are late and once when they are missed, with the command to run", async () => {
    const alarms = await watched("alarm", ({ tell, pass, alarms }) =>
      Effect.gen(function* () {
        for (const reference of ["A", "B", "C", "D"]) {
          yield* tell("quote", reference, { type: "decision.approved", at: 5, fresh: true })
        }
        yield* pass
        yield* pass
        yield* TestClock.adjust(dayMs + settings.callbackLateMsMax)
        yield* pass
        return alarms
      }),
    )
    expect(alarms).toHaveLength(2)
    expect(alarms[0]).toContain("account se: 4 callbacks are late")
    expect(alarms[1]).toContain("account se: 4 of 4 news had no callback")
    for (const each of alarms) expect(each).toContain("loan-engine callback health --account se")
  })
})
