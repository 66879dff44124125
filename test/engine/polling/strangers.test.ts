import { callbackBudgetLimitsDefault } from "@loan-engine/adapters-http/callback/budgets"
import type { ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import { pollerDefaults } from "@loan-engine/app/polling/settings"
import { describe, expect, it } from "vitest"
import { minuteMs, secondMs } from "../../proof/simulation/world.ts"
import { failingAnswer, planPoll, polling, quietAnswer, se } from "./poller-support.ts"
import type { Polled } from "./poller-support.ts"

const isJunk = (reference: string): boolean => reference.startsWith("junk")

const faultText = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
  <faultcode>s:Client</faultcode><faultstring>no such application</faultstring></s:Fault></s:Body></s:Envelope>`

/** The bank does not know the applications that a stranger invents. */
const unknownLoan: Effect.Effect<ExchangeResponse> = Effect.succeed({
  status: 500,
  headers: { "content-type": "text/xml; charset=utf-8" },
  body: new TextEncoder().encode(faultText),
})

/** A callback without any evidence, as the receiver records it. */
const held = (reference: string, receivedAt: number): Observation => ({
  applicationReference: ApplicationReference.make(reference),
  account: se,
  source: "callback",
  evidence: "none",
  hold: "no-evidence",
  receivedAt,
  events: [{ type: "agreement.signed", at: receivedAt }],
})

const receive = (
  { engine }: Polled,
  reference: string,
  changed: Partial<Pick<Observation, "evidence" | "hold">> = {},
) =>
  Effect.gen(function* () {
    const raw = new TextEncoder().encode(reference)
    yield* engine.record({ ...held(reference, yield* Clock.currentTimeMillis), ...changed }, raw)
  })

/** Records as many held callbacks as the receiver allows in a minute by default. */
const floodForAMinute = (polled: Polled, minute: number) =>
  Effect.gen(function* () {
    for (let number = 0; number < callbackBudgetLimitsDefault.callbacksHeldPerMinuteMax; number++)
      yield* receive(polled, `junk-${minute}-${number}`)
    yield* polled.pass(minuteMs)
  })

describe("during a flood of callbacks about unknown loans", () => {
  it("known loans are polled in time, both for a confirmation and routinely", () =>
    polling(
      {
        // The bank may be asked only half as often as the flood alone would need.
        settings: { pollRatePerSecond: 0.5, pollsInFlightMax: 2 },
        plan: (store) =>
          Effect.all([
            planPoll(store, se, "confirmed", { confirm: false, dueMs: 3_600_000 }),
            planPoll(store, se, "routine", { confirm: false, dueMs: 3 * minuteMs }),
          ]),
        answer: (asked) => (isJunk(asked.reference) ? unknownLoan : quietAnswer(asked)),
      },
      (polled) =>
        Effect.gen(function* () {
          const isAsked = (name: string) => polled.asked.some(({ reference }) => reference === name)
          for (let minute = 0; minute < 3; minute++) yield* floodForAMinute(polled, minute)
          expect([isAsked("routine"), isAsked("confirmed")]).toEqual([false, false])
          yield* polled.pass(10 * secondMs)
          expect(isAsked("routine")).toBe(true)
          yield* receive(polled, "confirmed")
          // No trusted source has named this loan either. But the callback has credentials, so the bank must confirm it.
          yield* receive(polled, "unregistered", { evidence: "credentials", hold: "evidence-too-weak" })
          yield* polled.pass(10 * secondMs)
          expect([isAsked("confirmed"), isAsked("unregistered")]).toEqual([true, true])
          const junk = polled.asked.filter(({ reference }) => isJunk(reference)).length
          const unasked = Array.from({ length: 60 }, (_, number) => `junk-0-${number}`).find(
            (name) => !isAsked(name),
          )
          const putOff = yield* polled.store.load(ApplicationReference.make(unasked ?? ""))
          // The bank was not asked, so this is no attempt.
          expect(putOff?.schedule).toMatchObject({ attempts: 0, nextPollAt: expect.any(Number) })
          const share = (0.5 * pollerDefaults.pollUnnamedPercent) / 100
          // At least one of each minute, because chance decides when the others are due again.
          expect(junk).toBeGreaterThanOrEqual(3)
          expect(junk).toBeLessThanOrEqual(1 + (share * polled.passedMs()) / secondMs)
        }),
    ))
})

describe("the polls of a loan that no trusted source has named", () => {
  /** How often the bank was asked about the loan in a time that is long enough for many polls. */
  const asksAbout = (answer: Effect.Effect<ExchangeResponse>, again: boolean): Promise<number> =>
    polling(
      {
        // With this scale, a month is four minutes.
        cadence: { pollIntervalScale: 0.0001, pollIntervalMaxMs: minuteMs, pollUnnamedAttemptsMax: 3 },
        plan: () => Effect.void,
        answer: () => answer,
      },
      (polled) =>
        Effect.gen(function* () {
          yield* receive(polled, "junk")
          yield* polled.pass(10 * secondMs)
          if (again) yield* receive(polled, "junk")
          yield* polled.pass(10 * secondMs)
          expect((yield* polled.store.load(ApplicationReference.make("junk")))?.schedule.stalled).toBe(false)
          return polled.asked.length
        }),
    )

  it("become rare if the bank answers with faults, until a callback names the loan again", async () => {
    expect([await asksAbout(unknownLoan, false), await asksAbout(unknownLoan, true)]).toEqual([3, 6])
  })

  it("do not become rare because the bank cannot be reached", async () => {
    expect(await asksAbout(failingAnswer(503), false)).toBeGreaterThan(3)
  })
})
