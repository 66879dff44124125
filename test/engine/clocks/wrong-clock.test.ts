import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { replayJournal } from "@loan-engine/app/audit/replay-journal"
import { verifyJournal } from "@loan-engine/app/audit/verify-journal"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { DecimalText } from "@loan-engine/domain/decimal-text"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Source } from "@loan-engine/domain/observation"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it, onTestFinished } from "vitest"

const right = 1_700_000_000_000
const dayMs = 86_400_000
const yearMs = 365 * dayMs
const reference = ApplicationReference.make("A")

const world = Layer.merge(
  LoanEngine.layer(cadenceDefaults).pipe(
    Layer.provideMerge(
      Layer.unwrap(
        Effect.sync(() => {
          const directory = mkdtempSync(join(tmpdir(), "loan-engine-clocks-"))
          onTestFinished(() => rmSync(directory, { recursive: true }))
          return layerSqlite({ path: join(directory, "loans.sqlite"), ...sqliteDefaults })
        }),
      ),
    ),
  ),
  TestClock.layer(),
)

/** An event without its time, because the test's clock gives it. */
type Said = LoanEvent extends infer Event ? (Event extends LoanEvent ? Omit<Event, "at"> : never) : never
interface Heard {
  readonly source: typeof Source.Type
  readonly said: ReadonlyArray<Said>
}

const callback = (...said: ReadonlyArray<Said>): Heard => ({ source: "callback", said })
const status = (...said: ReadonlyArray<Said>): Heard => ({ source: "poll", said })
const quote = (...said: ReadonlyArray<Said>): Heard => ({ source: "quote", said })
const ruled = (decision: "approved" | "rejected"): Heard => ({
  source: "operator",
  said: [{ type: "dispute.ruled", decision, by: "Desk", reason: "phone" }],
})
const registered = (...said: ReadonlyArray<Said>): Heard => ({ source: "submission", said })
const evidenceOf = {
  submission: "merchant",
  callback: "credentials",
  poll: "bank",
  quote: "bank",
  operator: "operator",
} as const

const hear = Effect.fnUntraced(function* ({ source, said }: Heard) {
  const engine = yield* LoanEngine
  const at = yield* Clock.currentTimeMillis
  const body = new TextEncoder().encode(JSON.stringify({ at, said }))
  const observation = {
    applicationReference: reference,
    account: AccountName.make("se"),
    source,
    evidence: evidenceOf[source],
    receivedAt: at,
    events: said.map((event): LoanEvent => ({ ...event, at })),
  }
  return yield* engine.record(observation, body)
})

/**
 * The loan after all messages. The clock is wrong by `wrongMs` during the first messages and right during the second
 * ones.
 */
const after = (wrongMs: number, before: ReadonlyArray<Heard>, then: ReadonlyArray<Heard>) =>
  Effect.gen(function* () {
    const engine = yield* LoanEngine
    yield* TestClock.setTime(right + wrongMs)
    for (const heard of before) {
      yield* hear(heard)
      yield* TestClock.adjust(1_000)
    }
    yield* TestClock.setTime(right + before.length * 1_000)
    for (const heard of then) {
      yield* TestClock.adjust(1_000)
      yield* hear(heard)
    }
    const stored = yield* engine.loan(reference)
    const found = [...(yield* verifyJournal()).findings, ...(yield* replayJournal()).findings]
    expect(found).toEqual([])
    if (stored === undefined) return expect.unreachable("the loan is not there")
    const { stage, offer, additionOutstanding, requiredDocuments } = loanView(stored.loan)
    return { stage, offer, additionOutstanding, requiredDocuments }
  }).pipe(Effect.provide(world), Effect.runPromise)

const approved = (amount: string): Said => ({
  type: "decision.approved",
  fresh: true,
  offer: { approvedAmount: DecimalText.make(amount) },
})
const requested: Said = { type: "addition.requested", requiredDocuments: ["ID"] }

/**
 * Messages that arrive while the clock is wrong, and messages that arrive after it is right. The latest message must
 * count.
 */
const lives: ReadonlyArray<readonly [string, ReadonlyArray<Heard>, ReadonlyArray<Heard>]> = [
  [
    "a loan that a merchant registered has documents asked for and cleared",
    [registered({ type: "decision.approved" })],
    [callback(requested), status({ type: "addition.cleared" })],
  ],
  ["a request for documents is cleared", [callback(requested)], [status({ type: "addition.cleared" })]],
  [
    "documents are requested after they were cleared",
    [callback(requested), status({ type: "addition.cleared" })],
    [callback({ type: "addition.requested", requiredDocuments: ["PAYMENT_SLIP"] })],
  ],
  [
    "documents are requested after the bank has said twice that they were cleared",
    [callback(requested), status({ type: "addition.cleared" }), status({ type: "addition.cleared" })],
    [callback({ type: "addition.requested", requiredDocuments: ["PAYMENT_SLIP"] })],
  ],
  [
    "a request is cleared, asked for again and cleared again",
    [callback(requested)],
    [status({ type: "addition.cleared" }), callback(requested), status({ type: "addition.cleared" })],
  ],
  [
    "the bank revokes its approval",
    [quote(approved("100"))],
    [quote({ type: "decision.rejected", fresh: true })],
  ],
  ["the bank makes another offer", [quote(approved("100"))], [quote(approved("90"))]],
  [
    "a person overrules a person",
    [callback({ type: "decision.approved" }, { type: "decision.rejected" }), ruled("approved")],
    [ruled("rejected")],
  ],
  [
    "a verdict after a ruling is a new contradiction",
    [callback({ type: "decision.approved" }), ruled("approved")],
    [callback({ type: "decision.rejected" })],
  ],
  [
    "an old verdict that is heard again changes nothing",
    [callback({ type: "decision.approved" }), callback({ type: "decision.rejected" }), ruled("approved")],
    [callback({ type: "decision.rejected" })],
  ],
]

describe("a report after a clock is right again", () => {
  it.each(lives)("has the same result as with a right clock: %s", async (_name, before, then) => {
    const never = await after(0, before, then)
    for (const wrongMs of [yearMs, 40 * yearMs, 2 * dayMs])
      expect(await after(wrongMs, before, then)).toEqual(never)
  })

  it("keeps the time of its receipt", async () => {
    const entries = await Effect.gen(function* () {
      yield* TestClock.setTime(right + yearMs)
      yield* hear(callback(requested))
      yield* TestClock.setTime(right)
      yield* hear(status({ type: "addition.cleared" }))
      return yield* (yield* LoanEngine).history(reference)
    }).pipe(Effect.provide(world), Effect.runPromise)
    expect(entries.map(({ receivedAt }) => receivedAt)).toEqual([right + yearMs, right])
  })

  it("keeps its time if the clocks differ only as much as those of several machines", async () => {
    const entries = await Effect.gen(function* () {
      yield* TestClock.setTime(right + 60_000)
      yield* hear(callback(requested))
      yield* TestClock.setTime(right)
      yield* hear(status({ type: "addition.cleared" }))
      return yield* (yield* LoanEngine).history(reference)
    }).pipe(Effect.provide(world), Effect.runPromise)
    expect(entries.map(({ events }) => events.map(({ at }) => at))).toEqual([[right + 60_000], [right]])
  })
})
