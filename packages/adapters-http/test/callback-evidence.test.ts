import { Effect } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import { callbackReceiverLimitsDefault } from "../src/callback-receiver.ts"
import { epoch, makeKey, run, sign } from "./support.ts"
import type { TestKey } from "./support.ts"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

describe("evidence", () => {
  test.each([
    [
      "jws",
      "bound",
      { iat: epoch / 1_000 - 60, externalApplicationEvent: signedEvent },
      "jws",
      undefined,
      200,
    ],
    ["nothing", "unbound", { iss: "bank" }, "none", "signature-unbound", 202],
  ])(
    "a genuine signature counts for %s when its claims are %s",
    (_counts, _state, claims, evidence, hold, status) =>
      run(
        Effect.gen(function* () {
          const { jws } = yield* verifying(key)
          const { post, seen } = yield* start({ credentials, jws })
          const jwsData = yield* ask(() => sign(key, claims))
          const answer = yield* ask(() => post(body(` ${jwsData}`)))
          expect(answer.status).toBe(status)
          if (hold !== undefined) expect(answer.body).toEqual({ disposition: "held", reason: hold })
          expect([seen[0]?.evidence, seen[0]?.hold]).toEqual([evidence, hold])
        }),
      ),
  )

  test("a signature whose claims contradict the body is refused, even with credentials", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        const jwsData = yield* ask(() =>
          sign(key, { externalApplicationEvent: { ...signedEvent, applicationReference: "X" } }),
        )
        const answer = yield* ask(() => post(body(jwsData)))
        expect([answer.status, answer.body["code"], seen]).toEqual([401, "signature-contradicted", []])
      }),
    ))

  test("a signature alone is enough when no credentials are configured", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(jwsData), { authorization: "" }))).status).toBe(200)
        expect(seen[0]?.evidence).toBe("jws")
      }),
    ))

  test("while the key set is unreachable the callback is held, even with credentials", () =>
    run(
      Effect.gen(function* () {
        const { jws, jwksServer } = yield* verifying(key)
        jwksServer.status = 503
        const { post, seen } = yield* start({ credentials, jws })
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        const answer = yield* ask(() => post(body(jwsData)))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "signature-unverifiable" },
        ])
        expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "signature-unverifiable"])
        // The events are kept with it: a poll confirms them, or does not.
        expect(seen[0]?.events).toEqual([{ type: "agreement.signed", at: epoch }])
      }),
    ))

  test("without a signature it takes credentials, where they are configured", () =>
    run(
      Effect.gen(function* () {
        const { jws, requests } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        expect((yield* ask(() => post(body("  ")))).status).toBe(200)
        expect([seen[0]?.evidence, requests.length]).toEqual(["credentials", 0])
      }),
    ))

  test("without a signature and without credentials it is held", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const answer = yield* ask(() => post(unsigned))
        expect([answer.status, answer.body]).toEqual([202, { disposition: "held", reason: "no-evidence" }])
        expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "no-evidence"])
      }),
    ))

  test("without a key set jwsData is ignored", () =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ allowUnauthenticated: true })
        expect((yield* ask(() => post(body("garbage"), { authorization: "" }))).status).toBe(202)
        expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "no-evidence"])
      }),
    ))

  test("an unknown event type is held, with no events", () =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ credentials })
        const event = { ...signedEvent, applicationEventType: "WITHDRAWN" }
        const answer = yield* ask(() => post(JSON.stringify({ externalApplicationEvent: event })))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "unknown-event-type" },
        ])
        expect(seen).toMatchObject([{ evidence: "credentials", hold: "unknown-event-type", events: [] }])
      }),
    ))
})

describe("when the callback was true", () => {
  const { issuedAtAgeMaxMs } = callbackReceiverLimitsDefault
  test.each([
    ["a whole second stands for its last millisecond", -90, epoch - 90_000 + 999],
    ["but never for a time after the receipt", 0, epoch],
    ["a fraction of a second is taken as it is", -90.5, epoch - 90_500],
    ["the oldest age that is believed", -issuedAtAgeMaxMs / 1_000, epoch - issuedAtAgeMaxMs + 999],
    ["an older one is not, and yet refuses nothing", -issuedAtAgeMaxMs / 1_000 - 1, epoch],
    ["a clock ahead of ours is believed up to the receipt", 86_400, epoch],
    ["so are milliseconds in the place of seconds", epoch, epoch],
    ["a negative time is not", -1e12, epoch],
  ])("%s", (_title, offset, at) =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const claims = { iat: epoch / 1_000 + offset, externalApplicationEvent: signedEvent }
        const jwsData = yield* ask(() => sign(key, claims))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(200)
        expect(seen[0]).toMatchObject({ receivedAt: epoch, events: [{ at }] })
      }),
    ),
  )

  test("an expired signature is no reason to refuse: a retry may be days old", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const claims = { exp: epoch / 1_000 - 86_400, externalApplicationEvent: signedEvent }
        const jwsData = yield* ask(() => sign(key, claims))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(200)
        expect(seen[0]?.evidence).toBe("jws")
      }),
    ))
})
