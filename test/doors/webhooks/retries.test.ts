import { attemptsMax, retryDelayMs } from "@loan-engine/app/webhooks/schedule"
import type { WebhookLimits } from "@loan-engine/app/webhooks/settings"
import { webhookLimits } from "@loan-engine/app/webhooks/settings"
import type { WebhookState } from "@loan-engine/app/ports/webhook-store"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { fileStore, receive } from "./files.ts"
import type { Answer, Receiver } from "./receiver.ts"
import type { OpenEngine } from "./support.ts"
import { named, news, openEngine, until } from "./support.ts"

/** Every test begins at this time. Only the test moves the clock. */
const beginMs = 1_790_000_000_000
const second = 1_000
const hour = 3_600_000

/** The engine looks for due messages every hour. A request may take long. */
const patient = {
  webhookPollMs: hour,
  webhookWatchEveryMs: hour,
  webhookRequestMsMax: 100 * hour,
  webhookLeaseMs: 400 * hour,
}

interface Travel {
  readonly receiver: Receiver
  readonly engine: OpenEngine
  readonly pass: (ms: number) => Effect.Effect<void>
  readonly state: Effect.Effect<WebhookState>
  /** Resolves when this many messages have arrived and their outcome is stored. */
  readonly settled: (heard: number) => Effect.Effect<WebhookState>
  /**
   * Moves the clock to the next retry, and gives the length of the wait. Resolves when the retry's outcome is stored.
   */
  readonly retried: Effect.Effect<number>
}

/** An engine and a receiver whose clock only the test moves. */
const travel = (
  answer: () => Answer,
  use: (tools: Travel) => Effect.Effect<void, unknown>,
  limits: Partial<WebhookLimits> = patient,
): Promise<void> =>
  Effect.gen(function* () {
    yield* TestClock.setTime(beginMs)
    const receiver = yield* receive({ timeless: true })
    receiver.answer = answer
    const engine = yield* openEngine(fileStore(), [receiver], limits)
    const { states, newest } = engine.webhooks
    const state = Effect.orDie(Effect.map(states, ([first]) => first ?? expect.fail("it has not begun")))
    const settled = Effect.fnUntraced(function* (heard: number) {
      const now = yield* Clock.currentTimeMillis
      yield* until(async () => {
        expect(receiver.heard).toHaveLength(heard)
        const { position, nextDueAt, disabledAt } = await Effect.runPromise(state)
        expect(position).toBe(await Effect.runPromise(Effect.orDie(newest)))
        expect(disabledAt !== null || nextDueAt === null || nextDueAt > now).toBe(true)
      })
      return yield* state
    })
    const retried = Effect.gen(function* () {
      const waitMs = ((yield* state).nextDueAt ?? 0) - (yield* Clock.currentTimeMillis)
      const heard = receiver.heard.length
      yield* TestClock.adjust(waitMs + patient.webhookPollMs)
      yield* settled(heard + 1)
      return waitMs
    })
    yield* use({ receiver, engine, pass: TestClock.adjust, state, settled, retried })
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)

describe("the schedule", () => {
  it("is the one that Standard Webhooks publishes, with the jitter in both directions", () => {
    const delays = Array.from({ length: 10 }, (_, index) => retryDelayMs(index + 1, 0.5))
    const hours = [2, 5, 10, 14, 20, 24].map((each) => each * hour)
    expect(delays).toEqual([5 * second, 300 * second, 1_800 * second, ...hours, undefined])
    expect(retryDelayMs(1, 0)).toBe(4_500)
    expect(retryDelayMs(1, 1)).toBe(5_500)
  })
})

const published = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((each) => each * second)

describe("a message that is not accepted", () => {
  it("is retried by the published schedule, within a tenth, while later messages of its loan wait and other loans continue", () =>
    travel(
      () => 500,
      Effect.fnUntraced(function* ({ receiver, engine, settled, retried, pass }) {
        receiver.answer = ({ reference }) => (reference === "A" ? 500 : 200)
        yield* engine.tell("A", news(1))
        yield* settled(1)
        yield* engine.tell("A", news(2))
        yield* engine.tell("B", news(3))
        yield* settled(2)
        expect(named(receiver.taken)).toEqual(["B1"])
        for (const delayMs of published.slice(0, -1)) {
          const waitMs = yield* retried
          expect(waitMs).toBeGreaterThanOrEqual(delayMs * 0.9)
          expect(waitMs).toBeLessThanOrEqual(delayMs * 1.1)
        }
        const tries = receiver.heard.filter(({ reference }) => reference === "A")
        expect(new Set(named(tries))).toEqual(new Set(["A1"]))
        expect(new Set(tries.map(({ id }) => id)).size).toBe(1)
        expect(new Set(tries.map(({ at }) => at)).size).toBe(9)
        receiver.answer = () => 200
        yield* pass(30 * hour)
        yield* until(() => expect(named(receiver.taken)).toEqual(["B1", "A1", "A2"]))
      }),
    ))

  it("disables its endpoint after the last attempt, which raises the alarm; after enabling, nothing is missing", () =>
    travel(
      () => 503,
      Effect.fnUntraced(function* ({ receiver, engine, settled, retried, pass, state }) {
        yield* engine.tell("A", news(1))
        yield* settled(1)
        for (const _ of published) yield* retried
        expect(receiver.heard).toHaveLength(attemptsMax)
        expect(yield* state).toMatchObject({
          disabledWhy: `a message failed ${attemptsMax} times, the last time with: HTTP 503`,
        })
        receiver.answer = () => 200
        yield* engine.tell("A", news(2))
        yield* engine.tell("B", news(3))
        yield* pass(100 * hour)
        expect(engine.warnings).toEqual([
          `webhooks to crm are disabled: a message failed ${attemptsMax} times, the last time with: HTTP 503. ` +
            "Nothing is lost: fix the receiver, then run: loan-engine webhooks enable crm",
        ])
        expect(receiver.heard).toHaveLength(attemptsMax)
        yield* engine.webhooks.enable("crm", beginMs)
        yield* pass(hour)
        yield* until(() => expect(receiver.taken).toHaveLength(3))
        expect(named(receiver.taken).filter((name) => name.startsWith("A"))).toEqual(["A1", "A2"])
      }),
    ))

  it("disables its endpoint at once if the receiver says that it is gone", () =>
    travel(
      () => 410,
      Effect.fnUntraced(function* ({ receiver, engine, settled, pass }) {
        yield* engine.tell("A", news(1))
        expect(yield* settled(1)).toMatchObject({ disabledAt: beginMs, parked: 1 })
        yield* pass(100 * hour)
        expect(receiver.heard).toHaveLength(1)
        receiver.answer = () => 200
        yield* engine.webhooks.enable("crm", beginMs)
        yield* pass(hour)
        yield* until(() => expect(named(receiver.taken)).toEqual(["A1"]))
      }),
    ))

  it.each([
    ["redirected elsewhere", { status: 302, headers: { location: "/taken" } }],
    ["refused", 400],
  ] as const)("is not taken if it was %s, and comes again", (_, answer) =>
    travel(
      () => answer,
      Effect.fnUntraced(function* ({ receiver, engine, settled, retried }) {
        yield* engine.tell("A", news(1))
        expect(yield* settled(1)).toMatchObject({ parked: 1 })
        receiver.answer = () => 204
        yield* retried
        expect(named(receiver.heard)).toEqual(["A1", "A1"])
      }),
    ),
  )

  it("waits for as long as the receiver asks, if that is longer, and no longer than the limit", () =>
    travel(
      () => ({ status: 429, headers: { "retry-after": "120" } }),
      Effect.fnUntraced(function* ({ receiver, engine, settled, retried, state }) {
        const waits = {
          status: 503,
          headers: { "retry-after": new Date(beginMs + 9_999 * hour).toUTCString() },
        }
        yield* engine.tell("A", news(1))
        yield* settled(1)
        receiver.answer = () => waits
        expect(yield* retried).toBe(120 * second)
        receiver.answer = () => 200
        expect(yield* retried).toBe(webhookLimits.webhookRetryAfterMsMax.default)
        expect(yield* state).toMatchObject({ parked: 0 })
      }),
    ))

  it("is cancelled when the receiver takes too long, and is retried", () =>
    travel(
      () => "silent",
      Effect.fnUntraced(function* ({ receiver, engine, pass, state }) {
        yield* engine.tell("A", news(1))
        yield* until(() => expect(receiver.heard).toHaveLength(1))
        receiver.answer = () => 200
        yield* engine.tell("B", news(2))
        yield* pass(webhookLimits.webhookRequestMsMax.default)
        yield* until(() => expect(named(receiver.taken)).toEqual(["B1"]))
        expect(yield* state).toMatchObject({ parked: 1 })
        yield* pass(6 * second)
        yield* until(() => expect(named(receiver.heard)).toEqual(["A1", "B1", "A1"]))
      }),
      {},
    ))

  it("waits while no receiver listens", async () => {
    const port = await Effect.runPromise(Effect.scoped(Effect.map(receive(), (receiver) => receiver.port)))
    await Effect.gen(function* () {
      yield* TestClock.setTime(beginMs)
      const url = `http://127.0.0.1:${port}/`
      const engine = yield* openEngine(fileStore(), [{ url }])
      const state = () => Effect.runPromise(Effect.map(engine.webhooks.states, ([first]) => first))
      yield* engine.tell("A", news(1))
      yield* until(async () => expect(await state()).toMatchObject({ parked: 1 }))
      const receiver = yield* receive({ port, timeless: true })
      yield* TestClock.adjust(6 * second)
      yield* until(() => expect(named(receiver.taken)).toEqual(["A1"]))
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)
  })
})
