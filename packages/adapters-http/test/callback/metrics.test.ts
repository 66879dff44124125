import { Effect, Metric } from "effect"
import type { Scope } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, expect, test } from "vitest"
import { callbacksCounter, signaturesCounter } from "../../src/callback/metrics.ts"
import { jwksLimitsDefault } from "../../src/signature/jwks.ts"
import { makeKey, run, sign } from "../support.ts"
import type { TestKey } from "../support.ts"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

const count = (family: typeof callbacksCounter, verdict: string, account = "se"): Effect.Effect<number> =>
  Effect.map(Metric.value(family.of({ account, verdict })), (state) => state.count)

/** Runs an effect with its own metric registry, so that its counters start at 0. */
const counting = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  run(Effect.provideService(effect, Metric.MetricRegistry, new Map()))

test("every answered callback counts once, by its verdict and account", () =>
  counting(
    Effect.gen(function* () {
      const { post } = yield* start({ credentials })
      yield* ask(() => post(unsigned))
      yield* ask(() => post(unsigned, { authorization: "" }))
      yield* ask(() => post(unsigned, { authorization: "" }))
      yield* ask(() => post(unsigned, {}, "nobody"))
      yield* ask(() => post(unsigned.replace('"SIGNED"', '"OTHER"')))
      expect(yield* count(callbacksCounter, "advanced")).toBe(1)
      expect(yield* count(callbacksCounter, "unauthorized")).toBe(2)
      expect(yield* count(callbacksCounter, "unknown-event-type")).toBe(1)
      expect(yield* count(callbacksCounter, "account-unknown", "")).toBe(1)
      expect(yield* count(callbacksCounter, "account-unknown", "nobody")).toBe(0)
    }),
  ))

test("every signature counts once, by its verdict", () =>
  counting(
    Effect.gen(function* () {
      const { jws } = yield* verifying(key)
      const { post } = yield* start({ credentials, jws })
      const genuine = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
      const unbound = yield* ask(() => sign(key, { iss: "bank" }))
      for (const jwsData of [genuine, unbound, "garbage", `${genuine.slice(0, -8)}AAAAAAAA`]) {
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        yield* ask(() => post(body(jwsData)))
      }
      for (const verdict of ["bound", "unbound", "malformed", "forged"]) {
        expect([verdict, yield* count(signaturesCounter, verdict)]).toEqual([verdict, 1])
      }
    }),
  ))
