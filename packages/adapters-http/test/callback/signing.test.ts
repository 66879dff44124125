import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"
import { logged, makeKey, run, sign } from "../support.ts"
import type { TestKey } from "../support.ts"

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

const withoutSignature = [undefined, null, "", "  ", [""]].map((jwsData) =>
  JSON.stringify({ externalApplicationEvent: signedEvent, jwsData }),
)
const warnings = (): ReadonlyArray<string> => logged.filter((line) => line.includes("has no signature"))

describe("a callback without a signature, with the right credentials", () => {
  test("is held after the bank has signed once, with one warning a minute", () =>
    run(
      Effect.gen(function* () {
        logged.length = 0
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        expect((yield* ask(() => post(unsigned))).status).toBe(200)
        const signed = body(yield* ask(() => sign(key, { externalApplicationEvent: signedEvent })))
        expect((yield* ask(() => post(signed))).status).toBe(200)
        for (const sent of withoutSignature) {
          const answer = yield* ask(() => post(sent))
          expect([answer.status, answer.body["reason"]]).toEqual([202, "signature-missing"])
        }
        expect(seen.at(-1)).toMatchObject({ evidence: "credentials", hold: "signature-missing" })
        expect(warnings()).toHaveLength(1)
        yield* TestClock.adjust("1 minute")
        yield* ask(() => post(unsigned))
        expect(warnings()).toHaveLength(2)
        expect(warnings()[1]).toContain(`callbacks=${withoutSignature.length}`)
        expect((yield* ask(() => post(signed))).status).toBe(200)
      }),
    ))

  test("is accepted until a signature has been verified", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post } = yield* start({ credentials, jws })
        const stranger = yield* ask(() => makeKey(key.kid))
        for (const jwsData of [
          yield* ask(() => sign(stranger, { externalApplicationEvent: signedEvent })),
          yield* ask(() => sign(key, { iss: "bank" })),
          yield* ask(() =>
            sign(key, { externalApplicationEvent: { ...signedEvent, applicationReference: "X" } }),
          ),
        ])
          expect((yield* ask(() => post(body(jwsData)))).status).not.toBe(200)
        expect((yield* ask(() => post(unsigned))).status).toBe(200)
      }),
    ))

  test("is held if the store remembers an earlier signature", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const memory = { seen: false }
        const signs = {
          isSeen: () => memory.seen,
          see: Effect.sync(() => void (memory.seen = true)),
        }
        const { post } = yield* start({ credentials, jws, signs })
        const signed = body(yield* ask(() => sign(key, { externalApplicationEvent: signedEvent })))
        yield* ask(() => post(signed))
        expect(memory.seen).toBe(true)
        const again = yield* start({ credentials, jws, signs })
        expect((yield* ask(() => again.post(unsigned))).body["reason"]).toBe("signature-missing")
        // Without a verifier, a signature proves nothing. So `signs` alone decides.
        const unverified = yield* start({ credentials, signs })
        expect((yield* ask(() => unverified.post(unsigned))).status).toBe(200)
      }),
    ))
})
