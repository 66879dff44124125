import { callbackBudgetLimitsDefault } from "@loan-engine/adapters-http/callback/budgets"
import type { ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { minuteMs, secondMs } from "../../proof/simulation/world.ts"
import { planPoll, polling, quietAnswer, se } from "./poller-support.ts"
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

const receive = ({ engine }: Polled, reference: string) =>
  Effect.gen(function* () {
    const raw = new TextEncoder().encode(reference)
    yield* engine.record(held(reference, yield* Clock.currentTimeMillis), raw)
  })

/** Records as many held callbacks as the receiver allows in a minute by default. */
const floodForAMinute = (polled: Polled, minute: number) =>
  Effect.gen(function* () {
    for (let number = 0; number < callbackBudgetLimitsDefault.callbacksHeldPerMinuteMax; number++)
      yield* receive(polled, `junk-${minute}-${number}`)
    yield* polled.pass(minuteMs)
  })

describe("a confirmation of a known loan", () => {
  it("is polled for in time during a flood of callbacks about unknown loans", () =>
    polling(
      {
        // The bank may be asked only half as often as the flood alone would need.
        settings: { pollRatePerSecond: 0.5, pollsInFlightMax: 2 },
        plan: (store) => planPoll(store, se, "genuine", { confirm: false, dueMs: 3_600_000 }),
        answer: (asked) => (isJunk(asked.reference) ? unknownLoan : quietAnswer(asked)),
      },
      (polled) =>
        Effect.gen(function* () {
          for (let minute = 0; minute < 4; minute++) yield* floodForAMinute(polled, minute)
          expect(polled.asked.filter(({ reference }) => isJunk(reference)).length).toBeGreaterThan(60)
          expect(polled.asked.some(({ reference }) => reference === "genuine")).toBe(false)
          yield* receive(polled, "genuine")
          yield* polled.pass(10 * secondMs)
          expect(polled.asked.some(({ reference }) => reference === "genuine")).toBe(true)
        }),
    ))
})
