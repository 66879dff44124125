import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import type { BankClient } from "../../src/bank/client.ts"
import { bankClientLimitsDefault } from "../../src/bank/client.ts"
import { reference, reply, start, status } from "./support.ts"
import { run } from "../support.ts"

const { breakerFailuresMax, breakerOpenMs } = bankClientLimitsDefault
const reason = (client: BankClient): Effect.Effect<string> =>
  Effect.match(client.getApplicationStatus(reference), {
    onFailure: (error) => error.reason._tag,
    onSuccess: () => "answered",
  })

/** A bank that fails until the test repairs it, and a client whose circuit breaker has just opened. */
const openCircuit = Effect.fnUntraced(function* (headers: Record<string, string> = {}) {
  const bank = { code: 503 }
  const { client, requests } = yield* start((response) =>
    bank.code === 200 ? reply(status)(response) : reply("", bank.code, headers)(response),
  )
  for (let failure = 0; failure < breakerFailuresMax; failure += 1) {
    expect(yield* reason(client)).toBe("Unavailable")
  }
  return { bank, client, requests }
})

describe("the circuit", () => {
  test("opens after several failures in a row, and then sends nothing", () =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* openCircuit()
        const error = yield* Effect.flip(client.acceptQuote(reference))
        expect([error.reason._tag, error.retryAfterSeconds]).toEqual(["CircuitOpen", breakerOpenMs / 1_000])
        expect(requests.length).toBe(breakerFailuresMax)
      }),
    ))

  test("lets one request through after its time, and closes when that one is answered", () =>
    run(
      Effect.gen(function* () {
        const { bank, client, requests } = yield* openCircuit()
        yield* TestClock.adjust(breakerOpenMs)
        expect(yield* reason(client)).toBe("Unavailable")
        expect(yield* reason(client)).toBe("CircuitOpen")
        bank.code = 200
        yield* TestClock.adjust(breakerOpenMs)
        expect([yield* reason(client), yield* reason(client)]).toEqual(["answered", "answered"])
        expect(requests.length).toBe(breakerFailuresMax + 3)
      }),
    ))

  test("stays open for as long as the bank asks", () =>
    run(
      Effect.gen(function* () {
        const { client } = yield* openCircuit({ "retry-after": "120" })
        yield* TestClock.adjust(breakerOpenMs)
        expect(yield* reason(client)).toBe("CircuitOpen")
        yield* TestClock.adjust(120_000 - breakerOpenMs)
        expect(yield* reason(client)).toBe("Unavailable")
      }),
    ))

  test("is not opened by answers that are about one request only", () =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(reply("<html/>"))
        for (let round = 0; round < 2 * breakerFailuresMax; round += 1) {
          expect(yield* reason(client)).toBe("Malformed")
        }
        expect(requests.length).toBe(2 * breakerFailuresMax)
      }),
    ))
})
